# SPDX-License-Identifier: GPL-2.0-or-later
"""Mutants of C sources: one small change each, found by the shape of the text alone.

Which of them are taken depends on the text of the line and on the seed, not on where in the tree the
line is: a change of one function leaves the choice in all others as it is.
"""
import hashlib
import re
from typing import NamedTuple


class Mutant(NamedTuple):
    path: str
    line: int
    function: str
    operator: str
    start: int  # the bytes text[start:end] become `new`
    end: int
    new: str
    shown: str  # the changed line, for people

    def key(self):
        """How tests/mutants/survivors names it: no line number, so that edits elsewhere don't matter."""
        return f"{self.path} {self.function} {self.operator}: {self.shown}"


def blank(text):
    """The same text with comments, strings, characters and preprocessor lines as blanks."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|^[ \t]*#(?:\\\n|[^\n])*'
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.S | re.M)


def functions(code):
    """(name, start, end) of each function body: the layout of clang-format has { and } in column 0."""
    for m in re.finditer(r"^([a-z][^\n;={}]*\([^;={}]*\))\s*\n\{\n(.*?)^\}", code, re.M | re.S):
        name = re.search(r"(\w+)\s*\(", m.group(1)).group(1)
        yield name, m.start(2), m.end(2)


def closing(code, at):
    depth = 0
    for i in range(at, len(code)):
        depth += {"(": 1, ")": -1}.get(code[i], 0)
        if depth == 0:
            return i
    return None


# A descriptor that stays open until the program ends is not noticed by any test.
CLOSES = re.compile(r"^(\(void\))?(\w*(close|closedir)|munmap|va_end|va_start)$")
NEXT = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}


# These return a length that is never 0: a symbolic link is never empty, and neither is any text that is formatted
# here. So `< 0` and `<= 0` are the same.
NEVER_ZERO = re.compile(r"^(asprintf|sysfs_path_link)$")


def opening(code, at):
    """Where the call that ends at `at` begins its arguments."""
    depth = 0
    for i in range(at, -1, -1):
        depth += {")": 1, "(": -1}.get(code[i], 0)
        if depth == 0:
            return i
    return None


def is_never_zero(code, operator):
    """Is it what such a call returns that the operator at this place compares with 0?"""
    if not re.match(r"(<|>=) 0\b", code[operator:operator + 4]) or code[operator - 2] != ")":
        return False
    start = opening(code, operator - 2)
    name = re.search(r"\w*$", code[:start]) if start else None
    return bool(name) and bool(NEVER_ZERO.match(name.group()))


# A descriptor is 0 only in a program that is started without standard input, and then only the first that it opens;
# base/file.h never gives that one. tests/unit/replace and bootcount run without standard input.
OPENS = re.compile(r"\b(\w+) = (?:\w+ < 0 \? \w+ : )?(?:\(int\))?(?:\w+_)?(?:open|openat|open_node|open_own_node|open_disk|dir_handle|"
                   r"sysfs_directory|variables_of|root_fd|stored_open|store_dir|change_open)\(")


def is_of_descriptor(code, start, end, operator):
    """Is a variable that a file was opened for compared with 0 at this place?"""
    left = re.search(r"(\w+|->dir) $", code[start:operator])
    return bool(left) and bool(re.match(r"(<|>=) 0\b", code[operator:operator + 4])) \
        and left.group(1) in {"->dir"} | {m.group(1) for m in OPENS.finditer(code, start, end)}


def is_of_clock(code, operator):
    """Is the time of now compared? Whether a millisecond more is waited for is nothing that anybody could see."""
    return code[:operator].endswith("steps_now() ") or re.match(r"[<>]=? steps_now\(\)", code[operator:operator + 16])


def negated_conditions(code, start, end):
    for m in re.compile(r"\b(if|while)\s*(\()").finditer(code, start, end):
        close = closing(code, m.start(2))
        if close:
            yield m.start(2) + 1, close, lambda t: f"!({t})"
    for m in re.compile(r" (&&|\|\|) ").finditer(code, start, end):
        yield m.start(1), m.end(1), lambda t: "||" if t == "&&" else "&&"
    for m in re.compile(r" ([=!])= ").finditer(code, start, end):
        yield m.start(1), m.end(1), lambda t: "!" if t == "=" else "="


def off_by_one(code, start, end):
    for m in re.compile(r"[\w)\]] (<=?|>=?) [\w(]").finditer(code, start, end):
        if not is_never_zero(code, m.start(1)) and not is_of_descriptor(code, start, end, m.start(1)) \
                and not is_of_clock(code, m.start(1)):
            yield m.start(1), m.end(1), lambda t: NEXT[t]
    for m in re.compile(r" [+-] 1\b").finditer(code, start, end):
        yield m.start(), m.end(), lambda t: ""


def is_without_memory(code, begin, after):
    """Is the call made only where an allocation failed? No test of these sources makes one fail."""
    return bool(re.match(r";\s*return [^;]*\bENOMEM\b", code[after:after + 80])) or \
        bool(re.search(r"\.failed\)\s*$", code[:begin]))


def dropped_calls(code, start, end):
    for m in re.compile(r"^\t+((?:\(void\))?[a-z_]\w*)\(", re.M).finditer(code, start, end):
        close = closing(code, m.end() - 1)
        word = m.group(1)
        if close and code[close + 1] == ";" and word not in ("if", "for", "while", "switch", "return", "sizeof") \
                and not CLOSES.match(word) and not is_without_memory(code, m.start(1), close + 1):
            yield m.start(1), close + 1, lambda t: ""


def changed_constants(code, start, end):
    # A larger buffer ("char text[64]", "char copy[LINE_MAX + 1]") is no change that anybody could see. `x < 1` is
    # `x <= 0` and `x >= 1` is `x > 0`, both of which off_by_one makes: as twins they would count twice.
    sizes = [m.span(1) for m in re.compile(r"^\t+(?:static )?\w+ \w+\[([^\]]*)\]", re.M).finditer(code, start, end)]
    for m in re.compile(r"(?<![\w.\"'])(?<!\w\[)(\d+)(?![\w.])").finditer(code, start, end):
        compared = re.search(r"[\w)\]] (<|>=) $", code[m.start(1) - 5:m.start(1)])
        twin = compared and not re.match(r" [-+*/%<>&|] ", code[m.end(1):m.end(1) + 3])
        if not twin and not any(a <= m.start(1) < b for a, b in sizes):
            yield m.start(1), m.end(1), lambda t: str(int(t) + 1)
    for m in re.compile(r"\b(true|false)\b").finditer(code, start, end):
        yield m.start(1), m.end(1), lambda t: "false" if t == "true" else "true"


OPERATORS = {
    "negated condition": negated_conditions,
    "off by one": off_by_one,
    "dropped call": dropped_calls,
    "changed constant": changed_constants,
}


def mutants_of(path, text):
    code = blank(text)
    seen = {}
    for function, start, end in functions(code):
        for operator, find in OPERATORS.items():
            for a, b, change in find(code, start, end):
                new = change(text[a:b])
                line_start, line_end = text.rfind("\n", 0, a) + 1, text.find("\n", b)
                after = new if operator != "dropped call" else "/* " + text[a:b] + " */"
                shown = " ".join((text[line_start:a] + after + text[b:line_end]).split())
                key = (function, operator, shown)
                seen[key] = seen.get(key, 0) + 1
                if seen[key] > 1:
                    shown += f" ({seen[key]})"
                yield Mutant(path, text.count("\n", 0, a) + 1, function, operator, a, b, new, shown)


def choose(mutants, seed, number):
    """As many of each operator as can be had, by the seed; the same ones on each machine."""
    def order(m):
        return hashlib.sha256(f"{seed} {m.key()}".encode()).hexdigest()

    lists = [sorted((m for m in mutants if m.operator == o), key=order) for o in OPERATORS]
    chosen = []
    while len(chosen) < number and any(lists):
        for one in lists:
            if one and len(chosen) < number:
                chosen.append(one.pop(0))
    return sorted(chosen, key=lambda m: (m.path, m.line, m.operator, m.start))
