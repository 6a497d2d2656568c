# SPDX-License-Identifier: GPL-2.0-or-later
"""What an edit is to do to a list of kernel parameters: the contract, written a second time."""

EACH_COUNTS = {"console", "earlycon", "video", "ip", "isolcpus", "nohz_full", "initcall_blacklist",
               "module_blacklist", "modprobe.blacklist", "hugepagesz"}
LISTS = {"iommu", "intel_iommu", "amd_iommu", "pci"}
OPPOSITE = {("iommu", "pt"): "nopt", ("iommu", "nopt"): "pt", ("intel_iommu", "on"): "off",
            ("intel_iommu", "off"): "on"}
WORDS = ["quiet", "splash", "iommu=pt", "iommu=nopt", "iommu=off", "intel_iommu=on", "intel_iommu=off",
         "intel_iommu=on,igfx_off", "my_iommu=1", "iommu=1", "iommu", "console=tty0",
         "console=ttyS0,115200", "vfio_pci.ids=10de:1111", "vfio-pci.ids=10de:2204,10de:1aef",
         "hugepagesz=1G", "hugepages=8", "video=efifb:off", "video=HDMI-A-1:1024x768", "pci=noaer",
         "kvm.ignore_msrs=1", "kvm.ignore-msrs=0", "systemd.unit=multi-user.target", "foo=a/b",
         "x=a,b=c", "amd_iommu=on", "rd.luks.uuid=luks-aaaa", "mitigations=off", "a.b=1", "nokaslr",
         "resume=UUID=bbbb", "loglevel=3", "root", "ro"]
ADDED = ["iommu=pt", "intel_iommu=on", "quiet", "foo=1", "console=ttyS1", "vfio-pci.ids=10de:2204",
         "vfio_pci.ids=1002:73bf", "mitigations=off", "pci=realloc", "kvm.ignore_msrs=1", "x=a,b=c",
         "video=efifb:off", "dyndbg=\"file x +p\"", "a.b=1", "systemd.unit=rescue.target", "loglevel=7"]
REMOVED = ["quiet", "splash", "iommu", "iommu=", "iommu=pt", "my_iommu=1", "console=tty0", "console=",
           "vfio-pci.ids=", "intel_iommu=off", "kvm.ignore_msrs=", "x=", "foo=1", "foo=", "nothere",
           "mitigations=off", "ro", "resume="]


def word(text):
    """Name and value as the kernel's next_arg() takes them apart."""
    quoted = text.startswith('"')
    if quoted:
        text = text[1:]
    at = text.find("=", 1)
    name, value = (text, None) if at < 0 else (text[:at], text[at + 1:])
    if value is not None and value.startswith('"'):
        value, quoted = value[1:], True
    if quoted and (value if value is not None else name).endswith('"'):
        name, value = (name, value[:-1]) if value is not None else (name[:-1], None)
    return name.replace("-", "_"), value


def request(rng):
    """A list of (verb, text)."""
    kind = rng.randrange(10)
    if kind == 0:
        return [("iommu", rng.choice(["intel", "amd"]))]
    if kind < 5:
        return [("add", rng.choice(ADDED))]
    if kind < 8:
        return [("remove", rng.choice(REMOVED))]
    add, remove = rng.choice(ADDED), rng.choice(REMOVED)
    return [("add", add)] if word(add)[0] == word(remove)[0] else [("remove", remove), ("add", add)]


def arguments(req):
    out = []
    for verb, text in req:
        out += ["--iommu", "--cpu", text] if verb == "iommu" else ["--" + verb, text]
    return out


def removed(words, text):
    name, value = word(text)
    key = text.endswith("=")

    def goes(w):
        n, v = word(w)
        return n == name and (v is not None if key else v == value)
    return [w for w in words if not goes(w)]


def element_removed(words, name, item):
    out = []
    for w in words:
        n, v = word(w)
        if n == name and v is not None and item in v.lower().split(",") and not set(v) & set(' \t"'):
            left = [i for i in v.split(",") if i.lower() != item]
            if left:
                out.append(w.split("=", 1)[0] + "=" + ",".join(left))
        else:
            out.append(w)
    return out


def in_effect(words, text):
    name, value = word(text)
    same = [word(w)[1] for w in words if word(w)[0] == name]
    if value is None or name in EACH_COUNTS or name.startswith(("rd.", "systemd.")):
        return value in same
    if name in LISTS:
        items = [i for v in same if v is not None for i in v.split(",")]
        for item in value.split(","):
            at = [i for i, x in enumerate(items) if x == item]
            other = OPPOSITE.get((name, item))
            if not at or (other in items[at[-1] + 1:] if other else False):
                return False
        return True
    return bool(same) and same[-1] == value


def added(words, text, put):
    name, value = word(text)
    if name == "vfio_pci.ids":
        same = [i for i, w in enumerate(words) if word(w)[0] == name and word(w)[1] is not None]
        if same:
            old = words[same[-1]]
            have = word(old)[1].lower().split(",")
            new = [i for i in value.split(",") if i.lower() not in have]
            if new:
                words[same[-1]] = ",".join([old, *new])
            return words
    if name == "iommu" and "off" not in value:
        words = element_removed(words, "iommu", "off")
    if not in_effect(words, text):
        put.append(text)
    return words


def expect(words, req, home, uncertain=False):
    """
    words: the kernel's, in order. home: how many of them stand before and in the place that takes new
    ones. Gives every list that is right: a new word may also stand behind later ones, where one of
    the same name would win over it. uncertain: what is there already may be added all the same.
    """
    end = words.index("--") if "--" in words else len(words)
    mark = "\0"
    kernel = list(words[:end])
    later = {word(w)[0] for w in kernel[home:]}
    kernel.insert(min(home, end), mark)
    put = []
    for verb, text in req:
        if verb == "remove":
            kernel = removed(kernel, text)
        elif verb == "iommu":
            for item in ("off", "soft", "nopt"):
                kernel = element_removed(kernel, "iommu", item)
            for name in ("intel_iommu", "amd_iommu"):
                kernel = element_removed(kernel, name, "off")
            for item in ("0", "n", "off"):
                kernel = element_removed(kernel, "iommu.passthrough", item)
    for verb, text in req:
        if verb == "add":
            kernel = added(kernel, text, put)
        elif verb == "iommu":
            if text == "intel":
                kernel = added(kernel, "intel_iommu=on", put)
            kernel = added(kernel, "iommu=pt", put)
    at = kernel.index(mark)
    kernel.remove(mark)
    asked = {"iommu", "intel_iommu"} if req[0][0] == "iommu" else {word(p)[0] for p in put}
    behind = range(at, len(kernel) + 1) if later & asked else [at]
    out = [kernel[:i] + put + kernel[i:] + words[end:] for i in behind]
    if uncertain:
        add = [text for verb, text in req if verb == "add"]
        if req[0][0] == "iommu":
            add = ["intel_iommu=on"] * (req[0][1] == "intel") + ["iommu=pt"]
        for some in range(1 << len(add)):
            out.append(kernel + [w for i, w in enumerate(add) if some >> i & 1] + words[end:])
    return out
