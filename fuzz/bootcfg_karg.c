/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a word of the kernel's, and as what a person asks for. */
#include "bootcfg_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * What the kernel makes of a line: lib/cmdline.c, next_arg(), told once more and in the kernel's
 * own way: in place, with NULs for what is cut. Returns where the word ended.
 */
static size_t kernel_reads(char *args, const char **ret_name, const char **ret_value)
{
	size_t i, equals = 0, skipped = args[0] == '"';
	bool quoted = skipped, open = skipped;

	args += skipped;
	for (i = 0; args[i] && (open || !kcmdline_is_blank(args[i])); i++) {
		if (args[i] == '=' && equals == 0)
			equals = i;
		if (args[i] == '"')
			open = !open;
	}
	args[i] = '\0';
	*ret_name = args;
	*ret_value = NULL;
	if (equals > 0) {
		args[equals] = '\0';
		*ret_value = args + equals + 1;
		if (**ret_value == '"') {
			(*ret_value)++;
			quoted = true;
		}
	}
	if (quoted && i > 0 && args[i - 1] == '"')
		args[i - 1] = '\0';
	return i + skipped;
}

static void reads_as_the_kernel(const char *text)
{
	const char *name, *value;
	char *copy = strdup(text), *word = strdup(text);
	struct karg k = {0};

	must(copy && word);
	size_t end = kernel_reads(copy, &name, &value);
	must(kcmdline_word_end(text) == text + end);
	word[end] = '\0';
	must(karg_read(word, &k) == 0);
	must(str_equal(k.name, name));
	must(!k.value == !value && (!value || str_equal(k.value, value)));
	karg_done(&k);
	free(word);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct karg a = {0}, b = {0};
	struct karg_ops r = {0};
	struct err err = {0};

	must(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (!kcmdline_is_blank(text[0]))
		reads_as_the_kernel(text);
	must(karg_read(text, &a) == 0 && karg_read(text, &b) == 0);
	must(karg_equal(&a, &b));
	must(strlen(a.name) + (a.value ? strlen(a.value) : 0) <= strlen(text));
	karg_done(&a);
	karg_done(&b);
	if (karg_ops_add(&r, text, &err) < 0)
		must(err.text[0] != '\0');
	for (size_t i = 0; i < r.n; i++)
		must(karg_check(r.v[i].text, &err) == 0);
	karg_ops_done(&r);
	free(text);
	return 0;
}
