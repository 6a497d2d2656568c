# SPDX-License-Identifier: GPL-2.0-or-later
"""How boot loaders and their generators read kernel parameters, written from their sources and
specifications; nothing of the program under test is used. Each gives words as the kernel gets them."""

import json
import os
import re
import shutil
import subprocess

BLANKS = " \t\r\n\v\f"


def kernel_words(text):
    """lib/cmdline.c, next_arg(): blanks split, `"` keeps them together."""
    words, word, quoted = [], "", False
    for c in text:
        if c in BLANKS and not quoted:
            if word:
                words.append(word)
            word = ""
            continue
        quoted ^= c == '"'
        word += c
    return words + [word] if word else words


def grub_words(text):
    """GRUB's splitting (grub-core/script/yylex.l), then its joining: quotes around what has blanks."""
    words, word, quote, i, inside = [], "", None, 0, False

    def done():
        if word or inside:
            words.append(f'"{word}"' if set(word) & set(BLANKS) else word)

    while i < len(text):
        c = text[i]
        if quote:
            if c == quote:
                quote = None
            elif c == "\\" and quote == '"' and text[i + 1:i + 2] in ('"', "$", "\\"):
                i += 1
                word += text[i]
            else:
                word += c
        elif c in "\"'":
            quote, inside = c, True
        elif c == "\\":
            i += 1
            word += text[i:i + 1]
        elif c in BLANKS:
            done()
            word, inside = "", False
        else:
            word += c
        i += 1
    done()
    return words


def shell_values(root, paths, names, shell):
    """sh itself: the variables after the files were sourced as grub-mkconfig does. None: it failed."""
    script = "set -e; cd /; for f; do . \"$f\"; done; printf '%s\\037' " + \
        " ".join(f'"${{{n}}}"' for n in names)
    run = subprocess.run([shutil.which(shell[0]), *shell[1:], "-c", script, "sh",
                          *(os.path.join(root, p) for p in paths)],
                         capture_output=True, stdin=subprocess.DEVNULL, check=False, timeout=20,
                         env={"PATH": "/nonexistent"})
    if run.returncode != 0 or run.stdout.count(b"\037") < len(names):
        return None
    return run.stdout.decode("utf-8", "surrogateescape").split("\037")[-len(names) - 1:-1]


def systemd_boot_options(data):
    """systemd 257, boot.c: line_get_key_value(), options of all lines joined."""
    out = []
    for line in re.split("[\r\n]+", data):
        line = line.strip(" \t")
        if not line or line.startswith("#"):
            continue
        parts = re.split("[ \t]+", line, maxsplit=1)
        if len(parts) < 2 or not parts[1]:
            continue
        key, value = parts
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = value[1:-1]
        if key == "options":
            out.append(value)
    return kernel_words(" ".join(out))


def fedora_blscfg_options(data):
    """rhboot/grub2, blscfg.c: the first blank separates (a tab only on a line without one), an empty
    line or a key without a value ends the file, the first options line counts."""
    for line in data.split("\n"):
        line = line.rstrip("\r").strip(" \t")
        if line.startswith("#"):
            continue
        at = line.find(" ")
        at = line.find("\t") if at < 0 else at
        if at < 0:
            break
        key, value = line[:at], line[at:].strip(" \t")
        if not value:
            break
        if key == "options":
            return grub_words(value)
    return []


def plain_words(data, comments):
    """/etc/kernel/cmdline. comments: its reader takes lines with # for parameters, too."""
    lines = [l for l in data.split("\n") if comments or not l.strip(BLANKS).startswith("#")]
    return kernel_words(" ".join(lines))


def kernelstub_words(data):
    """kernelstub joins the list with blanks; a vendor's string is one already."""
    options = json.loads(data)["user"]["kernel_options"]
    return kernel_words(options if isinstance(options, str) else " ".join(options))


def limine_words(data):
    """A list of command lines, one for each entry that has one."""
    out = []
    for line in data.split("\n"):
        m = re.match(r"\s*(?:kernel_)?cmdline\s*[:=]\s*(.*?)\s*$", line, re.I)
        if m:
            out.append(kernel_words(m[1]))
    return out


def extlinux_words(data):
    out = []
    for line in data.split("\n"):
        m = re.match(r"\s*append\s+(.*?)\s*$", line, re.I)
        if m:
            out.append(kernel_words(m[1]))
    return out


def refind_words(data):
    """refind_linux.conf: "title" "options", where two quotes inside are one."""
    out = []
    for line in data.split("\n"):
        fields = re.findall(r'"((?:[^"]|"")*)"', line) if not line.strip().startswith("#") else []
        if len(fields) > 1:
            out.append(kernel_words(fields[1].replace('""', '"')))
    return out
