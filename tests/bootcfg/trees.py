# SPDX-License-Identifier: GPL-2.0-or-later
"""Random systems, one kind of boot loader each."""

import json
import os

import model
import readers

LINUX, DEFAULT = "GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT"
MACHINE = "0123456789abcdef0123456789abcdef"


class Tree:
    """files; which of them may change; readers, each giving the words of one command line."""

    def __init__(self):
        self.files, self.views, self.homes = {}, {}, {}
        self.editable, self.constant = set(), set()
        self.uncertain = False  # holds values that only running it tells: a word may come twice

    def put(self, name, text, edit=False):
        self.files[name] = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
        if edit:
            self.editable.add(name)

    def read(self, root):
        out = {}
        for name, view in self.views.items():
            words = view(root)
            if words and isinstance(words[0], list):
                out.update({f"{name} {i}": w for i, w in enumerate(words)})
            else:
                out[name] = words
        return out

    def home(self, name):
        return self.homes.get(name, 1 << 20)


def text_of(root, name):
    try:
        with open(os.path.join(root, name), "rb") as f:
            return f.read().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return ""


def some_words(rng, most=7, extra=()):
    words = [rng.choice(model.WORDS) for _ in range(rng.randrange(most))]
    for word in extra:
        if rng.random() < 0.08:
            words.insert(rng.randrange(len(words) + 1), word)
    return words


def joined(rng, words):
    """With the blanks that people leave."""
    out = rng.choice(["", "", "", " ", "\t"]) + "".join(
        w + rng.choice([" ", " ", " ", " ", "  ", "\t"]) for w in words)
    return out if rng.random() < 0.1 else out.rstrip(" \t")


def line_ends(rng, text):
    if rng.random() < 0.1:
        text = text.replace("\n", "\r\n")
    if rng.random() < 0.15 and text.endswith("\n"):
        text = text.rstrip("\r\n")
    return text


# ---- shell ---------------------------------------------------------------------------------------

def double(rng, text, continued=True):
    out = ""
    for c in text:
        if continued and rng.random() < 0.01:
            out += "\\\n"
        out += "\\" + c if c in '"\\$`' else c
    return f'"{out}"'


def single(text):
    return "'" + text.replace("'", "'\\''") + "'"


def bare(text):
    safe = "_=.,:/@%+-"
    return "".join(c if c.isalnum() or c in safe else "\\" + c for c in text)


def dollar(rng, text):
    """$'…' of bash: any ASCII character may be an escape."""
    out = ""
    for c in text:
        if c in "'\\" or (c < "\x7f" and rng.random() < 0.1):
            ways = [f"\\x{ord(c):02x}", f"\\{ord(c):03o}", f"\\u{ord(c):04X}"]
            out += rng.choice(["\\" + c] if c in "'\\" else ways)
        else:
            out += c
    return f"$'{out}'"


def quoted(rng, text):
    style = rng.randrange(10)
    if style == 0 and rng.random() < 0.3:
        return dollar(rng, text)
    if style < 5:
        return double(rng, text)
    if style < 7:
        return single(text)
    if style < 8 and "\n" not in text:
        return bare(text)
    at = rng.randrange(len(text) + 1)
    return quoted(rng, text[:at]) + quoted(rng, text[at:]) if text else '""'


GRUB_SPECIAL = ['dyndbg="file drivers/pci/* +p"', "'one two=3'", "foo=a&b", "p=a|b", "x=\\$y", "$tuned_params",
                "--", "u=\\\\", "systemd.x=a\\ b", "a#b", "#c", "z='q'", 'w="a"b', "e=\"\"", "ö=ü"]


def grub_value(rng, most=6):
    return joined(rng, some_words(rng, most, GRUB_SPECIAL))


def assignment(rng, name):
    value = grub_value(rng)
    pick = rng.randrange(24)
    lead = rng.choice(["", "", "", "", "  ", "\t", "export ", "readonly " if rng.random() < 0.1 else ""])
    tail = rng.choice(["", "", "", "", " # why", " ;", "  ", "; GRUB_TIMEOUT=3", " # a 'quote\" in it"])
    if pick < 14:
        return f"{lead}{name}={quoted(rng, value)}{tail}\n"
    if pick < 16:
        return f"{lead}{name}+={quoted(rng, ' ' + value)}{tail}\n"
    if pick == 16:
        return f"{name}=\"${name} {value and double(rng, value)[1:-1]}\"\n"
    if pick == 17:
        return f"{name}=\"${{{name}:+${name} }}\"{quoted(rng, value)}\n"
    if pick == 18:
        return f"MY={quoted(rng, value)}\n{name}=\"$MY\" {tail}\n"
    if pick == 19:
        return f"MY={quoted(rng, value)}\n{name}={quoted(rng, grub_value(rng, 3))}\" ${{MY}}\"\n"
    if pick == 20:
        return f"{name}=\"${{NOT_SET:-{rng.choice(model.WORDS)}}} {double(rng, value)[1:-1]}\"\n"
    if pick == 21:
        return f"if [ 1 = {rng.choice('12')} ]; then\n  {name}={quoted(rng, value)}\nfi\n"
    if pick == 22:
        return f"[ -z \"$Y\" ] {rng.choice(['&&', '||'])} {name}={quoted(rng, value)}\n"
    return f"{name}=\"{double(rng, value)[1:-1]} $(echo nosmt)\"\n"


DECOYS = ["# a comment\n", "\n", "GRUB_TIMEOUT=5\n", f"#{DEFAULT}=\"quiet\"\n", "GRUB_DISTRIBUTOR='A B'\n",
          f": <<E\n{DEFAULT}=\"here\"\nE\n", f": <<'E'\n$(x {LINUX}=1\nE\n", f"f() {{\n  {DEFAULT}=f\n}}\n",
          f"X{DEFAULT}=no\n", f"{DEFAULT}_RECOVERY=\"single\"\n", f"Z=\"{DEFAULT}=no\"\n",
          f"case x in y) {LINUX}=case ;; esac\n", "GRUB_TERMINAL=console # x\n", "[ -n \"$Z\" ] || Z=1\n",
          f"({DEFAULT}=sub)\n", "# ends in a backslash \\\n", f"{DEFAULT}=for :\n", "Q='a\nb'\n",
          "for i in 1 2; do I=$i; done\n", "unset NOT_THERE\n", "D=$((1 + 2))\n", "true && true\n"]


def grub_file(rng, names):
    parts = [assignment(rng, rng.choice(names)) for _ in range(rng.randrange(3))]
    parts += [assignment(rng, n) for n in names if rng.random() < 0.7]
    parts += [rng.choice(DECOYS) for _ in range(rng.randrange(5))]
    rng.shuffle(parts)
    if rng.random() < 0.02:
        parts.insert(rng.randrange(len(parts) + 1), f"unset {rng.choice(names)}\n")
    return line_ends(rng, "".join(parts))


def grub(rng):
    t = Tree()
    debian = rng.random() < 0.6
    shell = ["dash"] if debian else ["bash", "--posix"]  # as grub-mkconfig's #!/bin/sh is
    names = [LINUX, DEFAULT]
    t.put("etc/os-release", "ID=debian\n" if debian else "ID=arch\n")
    t.put("usr/sbin/grub-mkconfig", "#!/bin/sh\n" + (
        "for x in ${sysconfdir}/default/grub.d/*.cfg; do . \"$x\"; done\n" if debian else ""))
    t.put("boot/grub/grub.cfg", "menuentry 'Linux' {\n\tlinux /vmlinuz root=UUID=1 ro\n}\n")
    t.put("etc/default/grub", grub_file(rng, names), edit=True)
    drops = [f"etc/default/grub.d/{n}.cfg" for n in ("10-a", "50-cloud", "B") if rng.random() < 0.2]
    for drop in sorted(drops):
        t.put(drop, grub_file(rng, names), edit=debian)
    paths = ["etc/default/grub", *(sorted(drops) if debian else [])]
    if rng.random() < 0.5:  # what dpkg knows decides whose a drop-in is
        t.put("var/lib/dpkg/info/x.conffiles", "".join(f"/{d}\n" for d in drops if rng.random() < 0.5))
    own = "etc/default/grub.d/zz-vfio-bootcfg.cfg"
    if debian:
        t.editable.add(own)

    def view(root):
        there = [own] if os.path.exists(os.path.join(root, own)) else []
        values = readers.shell_values(root, paths + there, names, shell)
        return None if values is None else readers.grub_words(" ".join(values))
    text = b"".join(t.files[p] for p in paths)
    t.uncertain = any(sign in text for sign in (b"if ", b"|| GRUB", b"&& GRUB", b"NOT_SET", b"case ", b"f()", b"$(",
                                                b"=for :"))
    t.views["GRUB"] = view
    return t


# ---- loader entries ------------------------------------------------------------------------------

def entry(rng, grub_too):
    head = ["title Arch Linux", "linux /vmlinuz-linux", "initrd /initramfs.img"]
    if rng.random() < 0.3:
        head.append(rng.choice(["sort-key arch", "# options decoy", "version 6.1", "optionsx quiet",
                                "grub_users $grub_users", "architecture x64", "\toptions-not x"]))
    lines = rng.choice([1, 1, 1, 1, 1, 0 if not grub_too else 1, 2, 3 if not grub_too else 1])
    extra = ["--", 'dyndbg="file x +p"', "root=UUID=12-34"] + (["$tuned_params"] if grub_too else [])
    for i in range(lines):
        words = ["root=PARTUUID=1-2"] * (i == 0) + some_words(rng, 6, extra)
        gap = rng.choice([" ", " ", " ", "\t", "  ", " \t"])
        if grub_too and "\t" in gap:
            gap = " "
        value = " ".join(words) if grub_too else joined(rng, words).lstrip(" \t")
        if not grub_too and rng.random() < 0.07 and words:
            value = f'"{value.strip()}"' if '"' not in value else value
        head.append(f"{rng.choice(['', '', ' '])}options{gap if value else ''}{value}")
    rng.shuffle(head)
    if not grub_too and rng.random() < 0.1:
        head.insert(rng.randrange(len(head)), "")
    return line_ends(rng, "\n".join(head) + "\n")


def systemd_boot(rng):
    t = Tree()
    t.put("boot/loader/loader.conf", rng.choice(["default arch.conf\n", "timeout 3\n", ""]))
    t.put("boot/EFI/systemd/systemd-bootx64.efi", "MZ")
    for name in ["arch.conf", "lts+3-1.conf", "zen.conf"][:rng.randrange(1, 4)]:
        path = f"boot/loader/entries/{name}"
        t.put(path, entry(rng, False), edit=True)
        first = readers.systemd_boot_options(first_options(t.files[path].decode()))
        t.views[name] = lambda root, path=path: readers.systemd_boot_options(text_of(root, path))
        t.homes[name] = len(first) if first else 1 << 20
    return t


def first_options(text):
    """The text up to the first options line that says something."""
    out = ""
    for line in text.split("\n"):
        out += line + "\n"
        if line.strip(" \t\r").split()[:1] == ["options"] and line.split()[1:]:
            return out
    return out


def fedora(rng):
    t = Tree()
    t.put("etc/os-release", "ID=fedora\n")
    t.put("etc/machine-id", MACHINE + "\n")
    t.put("boot/grub2/grub.cfg", "insmod blscfg\nblscfg\n")
    t.put("etc/default/grub", f"GRUB_ENABLE_BLSCFG=true\n{LINUX}=\"root=UUID=1 rhgb\"\n", edit=True)
    t.put("etc/kernel/cmdline", "root=UUID=1 ro\n", edit=True)
    for version in ("6.1", "6.2"):
        name = f"{MACHINE}-{version}.conf"
        path = f"boot/loader/entries/{name}"
        t.put(path, entry(rng, True), edit=True)
        t.views[name] = lambda root, path=path: readers.fedora_blscfg_options(text_of(root, path))
    t.views["defaults"] = lambda root: readers.grub_words(
        readers.shell_values(root, ["etc/default/grub"], [LINUX], ["bash", "--posix"])[0])
    t.views["cmdline"] = lambda root: readers.plain_words(text_of(root, "etc/kernel/cmdline"), True)
    return t


# ---- the rest ------------------------------------------------------------------------------------

def kernel_install(rng):
    t = Tree()
    lines = []
    for _ in range(rng.randrange(1, 4)):
        lines.append(rng.choice(["# a comment", "  # more", ""]) if rng.random() < 0.25
                     else joined(rng, some_words(rng, 6, ["--", 'dyndbg="a b"', "root=x"])))
    t.put("etc/kernel/install.conf", "layout=uki\n")
    t.put("etc/kernel/cmdline", line_ends(rng, "\n".join(lines) + "\n"), edit=True)
    t.views["mkinitcpio"] = lambda root: readers.plain_words(text_of(root, "etc/kernel/cmdline"), False)
    return t


def kernelstub(rng):
    t = Tree()
    words = some_words(rng, 6, ['dyndbg="file x +p"'])
    options = [w for w in words if w] if rng.random() < 0.8 else " ".join(words)
    if isinstance(options, list) and rng.random() < 0.1:
        options.insert(0, "a=1 b=2")
    data = {"default": {"kernel_options": ["quiet"], "esp_path": "/boot/efi"},
            "user": {"kernel_options": options, "esp_path": "/boot/efi", "setup_loader": False,
                     "live_mode": False, "config_rev": 3}}
    t.put("etc/kernelstub/configuration",
          json.dumps(data, indent=rng.choice([2, 4, None])) + rng.choice(["", "\n"]), edit=True)
    t.views["user"] = lambda root: readers.kernelstub_words(text_of(root, "etc/kernelstub/configuration"))
    t.views["default"] = lambda root: [json.dumps(
        json.loads(text_of(root, "etc/kernelstub/configuration"))["default"])]
    t.constant = {"default"}
    return t


def limine(rng):
    t = Tree()
    out = "timeout: 3\n\n"
    for i in range(rng.randrange(1, 4)):
        key = rng.choice(["cmdline:", "cmdline: ", "    cmdline: ", "CMDLINE: ", "kernel_cmdline: "])
        out += f"/Linux {i}\n    protocol: linux\n    path: boot():/vmlinuz\n{key}" + joined(
            rng, some_words(rng, 6, ["--", 'dyndbg="a b"'])) + "\n\n"
    t.put("boot/limine.conf", line_ends(rng, out), edit=True)
    t.views["entry"] = lambda root: readers.limine_words(text_of(root, "boot/limine.conf"))
    return t


def extlinux(rng):
    t = Tree()
    out = "DEFAULT linux0\nTIMEOUT 30\n"
    for i in range(rng.randrange(1, 4)):
        out += f"LABEL linux{i}\n\tLINUX /vmlinuz\n\t{rng.choice(['APPEND', 'append'])} " + joined(
            rng, ["root=/dev/sda1", *some_words(rng, 6, ["--", 'dyndbg="a b"'])]).lstrip() + "\n\tINITRD /i\n"
    t.put("boot/extlinux/extlinux.conf", line_ends(rng, out), edit=True)
    t.views["label"] = lambda root: readers.extlinux_words(text_of(root, "boot/extlinux/extlinux.conf"))
    return t


def refind(rng):
    t = Tree()
    out = ""
    for i in range(rng.randrange(1, 4)):
        options = joined(rng, some_words(rng, 6, ["--", 'dyndbg="a b"'])).replace('"', '""')
        out += rng.choice(["", "", "# \"a\" \"b\"\n"]) + f'"Boot {i}"{rng.choice([" ", "  ", chr(9)])}"{options}"\n'
    t.put("boot/refind_linux.conf", line_ends(rng, out), edit=True)
    t.views["line"] = lambda root: readers.refind_words(text_of(root, "boot/refind_linux.conf"))
    return t


KINDS = {"grub": grub, "systemd-boot": systemd_boot, "fedora": fedora, "kernel-install": kernel_install,
         "kernelstub": kernelstub, "limine": limine, "extlinux": extlinux, "refind": refind}
