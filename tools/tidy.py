"""The rules of the house that a compiler cannot know, checked on the text of the tree.

    python tools/tidy.py [FOLDER]      prints one line a violation, exit 1 where there is any

Which room may include which, and which third party, is read from cmake/rooms.cmake; which headers are
public from cmake/VortexInstall.cmake. A rule is a function marked with @file_rule or @tree_rule; each has a
failing example in tests/tools/test_tidy.py.
"""

import pathlib
import re
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cached_property

LINE_LENGTH_MAX = 100  # of C++; scripts may take LINE_SLACK more
LINE_SLACK = 20
FILE_LINES_MAX = 400
CPP = (".cpp", ".hpp", ".ipp")
CODE = (*CPP, ".py", ".cmake", ".sh", ".txt")
TEXT = (*CODE, ".md", ".json", ".toml", ".in", ".case", ".yaml", ".yml")

# Where a third party's headers are, by the name of its CMake target.
THIRD_PARTY_INCLUDES = {
    "fmt::fmt": r"fmt/", "simdjson::simdjson": r"simdjson\.h", "spdlog::spdlog": r"spdlog/",
    "date::date-tz": r"date/", "OpenSSL::Crypto": r"openssl/", "OpenSSL::SSL": r"openssl/",
    "vortex_asio": r"boost/(?!beast)", "vortex_beast": r"boost/beast/",
    "tomlplusplus::tomlplusplus": r"toml\+\+/", "vortex_arrow": r"arrow/",
    "vortex_arrow_compute": r"arrow/compute/", "vortex_parquet": r"parquet/",
    "FastFloat::fast_float": r"fast_float/", "CURL::libcurl": r"curl/",
    "SQLite::SQLite3": r"sqlite3\.h", "PkgConfig::zstd": r"zstd(_errors)?\.h",
    "PkgConfig::brotli": r"brotli/", "ZLIB::ZLIB": r"zlib\.h", "CLI11::CLI11": r"CLI/",
}
TEST_INCLUDES = {"_test.cpp": r"g(test|mock)/", "_for_test.hpp": r"g(test|mock)/", "_bench.cpp": r"benchmark/"}
APP_THIRD_PARTIES = {"CLI11::CLI11", "fmt::fmt", "vortex_asio", "vortex_arrow"}
# Interfaces carry forward declarations only, so these reach every room above the one that links them.
FORWARD_INCLUDES = r"arrow/type_fwd\.h$"
PLAIN_INCLUDES = r"[a-z0-9_]+(\.h)?$|(sys|net|netinet|arpa|linux)/"

# (pattern, what to use instead, which files, which of those are excepted)
BANNED = [
    (r"asio::detached", "a TaskGroup that joins it", r"", r"$^"),
    (r"\bstd::c(out|err)\b|(?<![\w:.])f?printf\s*\(|\bstd::f?printf\s*\(", "log, or fmt in apps/",
     r"vortex/", r"_bench\.cpp$"),
    (r"this_thread::sleep_|\busleep\s*\(|\bnanosleep\s*\(", "a timer of the runtime, or the condition itself",
     r"", r"$^"),
    (r"(system|steady|high_resolution)_clock::now", "the Clock that is passed in",
     r"(vortex|apps|tests)/", r"vortex/base/clock\.cpp$|_bench\.cpp$"),
    (r"(?<![\w.>])s?rand\s*\(|random_device", "Random", r"(vortex|apps|tests)/", r"vortex/base/random\.cpp$"),
    (r"std::regex|#\s*include <regex>", "a hand-written reader: std::regex is slow to compile and to run",
     r"", r"$^"),
    (r"\busing namespace (?!std::(\w+::)*\w*literals)", "qualified names", r"", r"$^"),
    (r"#\s*include [<\"]boost/(asio|beast)\.hpp", "the narrow headers", r"", r"$^"),
    (r"#\s*include <iostream>", "log, or <ostream> in a source", r".*\.(hpp|ipp)$", r"$^"),
    (r"#\s*include [<\"](arrow|parquet)/(\w+/)?api\.h", "arrow/type_fwd.h", r".*\.(hpp|ipp)$", r"$^"),
    (r"\bco_await\b", "a declaration here and the coroutine in the .cpp", r".*\.hpp$",
     r"vortex/runtime/run_on_pool\.hpp$"),  # a template
    (r"\b(class|struct) \w+(Manager|Handler|Helper|Processor|Info|Data)\b(?!;)", "a noun that says what it is",
     r"vortex/", r"$^"),
]
UNFINISHED = r"\b(FIX" r"ME|TO" r"DO|XX" r"X|HA" r"CK)\b"
UNFINISHED_IN_SOURCES = r"(?i)\b(for " r"now|place" r"holder)\b"
# Written in pieces, so that this file does not break its own rule.
MACHINE_TEXT = re.compile("|".join([
    r"/wor" r"k/", r"(?<![\w.$}])/ro" r"ot/", r"(?<![\w.])/tm" r"p/\w", r"(?<![\w.$}])/ho" r"me/\w+/",
    r"pyp" r"i\.org", r"pythonhos" r"ted", r"registry\.np" r"mjs", r"crates\." r"io/", r"repo1?\.mav" r"en",
    r"deb\.deb" r"ian", r"proxy\.gol" r"ang"]))
VAGUE_FOLDERS = {"utils", "util", "common", "core", "helpers", "helper", "misc"}


@dataclass
class Room:
    may: set = field(default_factory=set)
    third_parties: set = field(default_factory=set)
    public_third_parties: set = field(default_factory=set)


@dataclass(frozen=True, order=True)
class Violation:
    path: str
    line: int
    rule: str
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message} [{self.rule}]"


class File:
    def __init__(self, path, text):
        self.path, self.text = path, text
        self.name = path.rsplit("/", 1)[-1]

    @cached_property
    def lines(self):
        return self.text.splitlines()

    @cached_property
    def code(self):
        """The lines with comments and the insides of literals blanked; include lines stay whole."""
        pattern = r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\''
        keep = lambda m: re.sub(r"[^\n]", " ", m.group(0))
        if self.path.endswith(CPP):
            blanked = re.sub(pattern, keep, self.text, flags=re.S).splitlines()
            return [raw if raw.lstrip().startswith("#") and "include" in raw else line
                    for raw, line in zip(self.lines, blanked)]
        return self.lines

    @cached_property
    def includes(self):
        found = (re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line) for line in self.lines)
        return [(i, m.group(1), m.group(2)) for i, m in enumerate(found, 1) if m]

    @property
    def is_header(self):
        return self.path.endswith((".hpp", ".ipp"))

    @property
    def room(self):
        parts = self.path.split("/")
        return parts[1] if parts[0] == "vortex" and len(parts) > 2 else None


class Tree:
    def __init__(self, texts):
        self.files = {path: File(path, text) for path, text in sorted(texts.items())}
        self.cmake = "\n".join(f.text for f in self.files.values() if f.path.endswith((".cmake", "CMakeLists.txt")))
        self.rooms = read_rooms(texts.get("cmake/rooms.cmake", ""))
        self.public_headers = set(re.findall(r"vortex/[\w/]+\.hpp", texts.get("cmake/VortexInstall.cmake", "")))


def read_rooms(text):
    """cmake/rooms.cmake as {room: Room}; a public third party of a room reaches those that include it."""
    text, rooms = re.sub(r"#[^\n]*", "", text), {}
    for name, words in re.findall(r"vortex_room\((\w+)([^)]*)\)", text):
        rooms[name] = Room(may={name, *words.split()} - {"MAY"})
    for name, words in re.findall(r"vortex_third_party\((\w+)([^)]*)\)", text):
        public, _, private = words.partition("PRIVATE")
        rooms[name].public_third_parties = set(public.split()) - {"PUBLIC"}
        rooms[name].third_parties = rooms[name].public_third_parties | set(private.split())
    for room in rooms.values():
        inherited = {t for other in room.may if other in rooms for t in rooms[other].public_third_parties}
        room.third_parties = room.third_parties | (inherited - {"vortex_arrow"})
    return rooms


FILE_RULES, TREE_RULES = [], []


def file_rule(name):
    return lambda function: FILE_RULES.append((name, function)) or function


def tree_rule(name):
    return lambda function: TREE_RULES.append((name, function)) or function


@file_rule("layers")
def includes_only_allowed_rooms(file, tree):
    if not file.path.startswith(("vortex/", "apps/")) or not file.path.endswith(CPP):
        return
    for line, bracket, path in file.includes:
        target = path.split("/")[1] if path.startswith("vortex/") and path.count("/") > 1 else None
        if file.room is None or file.room not in tree.rooms:
            continue
        if target and target not in tree.rooms[file.room].may:
            yield line, f"room {file.room} may not include room {target} (cmake/rooms.cmake)"
        if target and target != file.room and path.endswith("_internal.hpp"):
            yield line, f"{path} is internal to room {target}"
        if bracket == '"' and not path.startswith(("vortex/", "arrow/", "parquet/")):
            yield line, f'"{path}": includes are written from the root of the repository'


@file_rule("third-party")
def includes_only_its_third_parties(file, tree):
    if not file.path.startswith(("vortex/", "apps/")) or not file.path.endswith(CPP):
        return
    room = tree.rooms.get(file.room)
    allowed = room.third_parties if room else APP_THIRD_PARTIES
    patterns = [THIRD_PARTY_INCLUDES[t] for t in allowed if t in THIRD_PARTY_INCLUDES] + [FORWARD_INCLUDES]
    patterns += [p for suffix, p in TEST_INCLUDES.items() if file.path.endswith(suffix)]
    known = [*THIRD_PARTY_INCLUDES.values(), *TEST_INCLUDES.values()]
    folder = file.path.rsplit("/", 1)[0]
    for line, bracket, path in file.includes:
        beside = bracket == '"' and f"{folder}/{path}" in tree.files
        if beside or path.startswith(("vortex/", "apps/")) or any(re.match(p, path) for p in patterns):
            continue
        if any(re.match(p, path) for p in known):
            yield line, f"<{path}> does not belong in {file.room or 'apps'} (cmake/rooms.cmake)"
        elif not re.match(PLAIN_INCLUDES, path):
            yield line, f"<{path}> is of no known third party: add it to docs/dependencies.md and tools/tidy.py"


@file_rule("public-api")
def public_headers_stay_among_themselves(file, tree):
    public, example = file.path in tree.public_headers, file.path.startswith("examples/")
    if not (public or example) or not file.path.endswith(CPP):
        return
    for line, _, path in file.includes:
        if path.startswith("vortex/") and path not in tree.public_headers:
            yield line, f"{path} is not installed (cmake/VortexInstall.cmake)"
        if public and not path.startswith(("vortex/", "arrow/")) and not re.match(PLAIN_INCLUDES, path):
            yield line, f"a public header shows no third party but Arrow: <{path}>"


@file_rule("banned")
def no_banned_words(file, tree):
    if not file.path.endswith(CPP):
        return
    for pattern, instead, where, excepted in BANNED:
        if not re.match(where, file.path) or re.search(excepted, file.path):
            continue
        for i, line in enumerate(file.code, 1):
            if match := re.search(pattern, line):
                yield i, f"'{match.group(0).strip()}': use {instead}"


@file_rule("unfinished")
def nothing_unfinished(file, tree):
    sources = file.path.startswith(("vortex/", "apps/"))
    for i, line in enumerate(file.lines, 1):
        match = re.search(UNFINISHED, line) or (sources and re.search(UNFINISHED_IN_SOURCES, line))
        if match:
            yield i, f"'{match.group(0)}': finish it, or open an issue"


@file_rule("machine")
def no_machine_paths(file, tree):
    for i, line in enumerate(file.lines, 1):
        if match := MACHINE_TEXT.search(line):
            yield i, f"'{match.group(0)}': a machine's path or a registry's host"


@file_rule("header")
def headers_open_with_a_comment(file, tree):
    if not file.is_header:
        return
    if not file.text.startswith("// "):
        yield 1, "a header opens with a comment that says what it is"
    if file.path.endswith(".hpp") and not any(line == "#pragma once" for line in file.lines):
        yield 1, "#pragma once is missing"


@file_rule("size")
def lines_and_files_are_short(file, tree):
    if not (file.path.endswith(CODE) or file.name in ("dev", "run")) or file.name == "requirements.txt":
        return
    longest = LINE_LENGTH_MAX + (0 if file.path.endswith(CPP) else LINE_SLACK)
    for i, line in enumerate(file.lines, 1):
        if len(line) > longest:
            yield i, f"{len(line)} columns, {longest} at most"
    if len(file.lines) > FILE_LINES_MAX:
        yield len(file.lines), f"{len(file.lines)} lines, {FILE_LINES_MAX} at most: split by subject"


@file_rule("nolint")
def nolint_names_check_and_reason(file, tree):
    if not file.path.endswith(CPP):
        return
    for i, line in enumerate(file.lines, 1):
        for kind, rest in re.findall(r"NOLINT(NEXTLINE|BEGIN|END)?(.*)", line):
            wanted = r"\([a-z][\w\-.]+(,\s*[a-z][\w\-.]+)*\)" + ("" if kind == "END" else r": \S+ \S+")
            if not re.match(wanted, rest):
                yield i, "NOLINT(check-name): and the reason in words"


@file_rule("names")
def files_are_snake_case(file, tree):
    parts = file.path.split("/")
    if file.path.endswith((*CPP, ".py", ".sh")) and not re.fullmatch(r"[a-z][a-z0-9_]*\.[a-z]+", file.name):
        yield 1, f"{file.name}: file names are snake_case"
    if file.path.endswith((".cc", ".cxx", ".h", ".hh")):
        yield 1, f"{file.name}: sources end in .cpp, headers in .hpp"
    for part in set(parts[:-1]) & VAGUE_FOLDERS:
        yield 1, f"a folder '{part}' says nothing about what it holds"


@file_rule("test-names")
def tests_say_what_holds(file, tree):
    if not file.path.endswith(".cpp"):
        return
    text = "\n".join(file.code)
    for match in re.finditer(r"^(?:TYPED_)?TEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)", text, re.M):
        line = text.count("\n", 0, match.start()) + 1
        if not re.fullmatch(r"[A-Z][A-Za-z0-9]*Test", match.group(1)):
            yield line, f"{match.group(1)}: a suite is named TypeTest"
        words = re.findall(r"[A-Z][a-z0-9]*", match.group(2))
        if "_" in match.group(2) or not match.group(2)[0].isupper() or len(words) < 2:
            yield line, f"{match.group(2)}: a test's name SaysWhatHolds"


@file_rule("case")
def cases_parse(file, tree):
    if not file.path.endswith(".case"):
        return
    if not file.text.startswith("# "):
        yield 1, "a case opens with a comment that says what holds"
    words = [line.split()[0] for line in file.lines if line.strip() and not line.startswith("#")]
    if not words or words[0] != "request":
        yield 1, "a case's first line is its request"
    if not {"rows", "error"} & set(words):
        yield len(file.lines) or 1, "a case ends with 'rows' or 'error'"


@file_rule("document")
def documents_have_one_title(file, tree):
    if not file.path.endswith(".md"):
        return
    text = re.sub(r"^```.*?^```", lambda m: re.sub(r"[^\n]", " ", m.group(0)), file.text, flags=re.S | re.M)
    titles = [i for i, line in enumerate(text.splitlines(), 1) if line.startswith("# ")]
    if len(titles) != 1 or titles[0] != 1:
        yield (titles + [1])[0], f"a document has one '# Title', as its first line; this has {len(titles)}"


@file_rule("pinned")
def requirements_are_pinned(file, tree):
    if file.name != "requirements.txt":
        return
    for i, line in enumerate(file.lines, 1):
        if line.strip() and not line.startswith("#") and not re.fullmatch(r"[\w.\-]+==[\w.]+", line.strip()):
            yield i, f"'{line.strip()}' is not pinned with =="


@tree_rule("target")
def every_source_has_a_target(tree):
    for file in tree.files.values():
        parts = file.path.split("/")
        if not file.path.endswith(".cpp"):
            continue
        if parts[0] == "vortex":
            good = file.room in tree.rooms
        elif parts[0] == "apps":
            good = len(parts) == 3 and f"apps/{parts[1]}/CMakeLists.txt" in tree.files
        else:
            build = tree.files.get("/".join([*parts[:-1], "CMakeLists.txt"]))
            good = file.path in tree.cmake or build and re.search(rf"\b{file.name[:-4]}\b|\*\.cpp", build.text)
        if not good:
            yield file.path, 1, "belongs to no target: a room of cmake/rooms.cmake, or a CMakeLists.txt beside it"


@tree_rule("public-api")
def public_headers_exist(tree):
    for path in sorted(tree.public_headers - set(tree.files)):
        yield "cmake/VortexInstall.cmake", 1, f"{path} does not exist"


def check(texts):
    """All violations in a tree given as {path: text}, in the order of the files."""
    tree = Tree(texts)
    found = {Violation(file.path, line, name, message)
             for file in tree.files.values() for name, rule in FILE_RULES for line, message in rule(file, tree)}
    found |= {Violation(path, line, name, message)
              for name, rule in TREE_RULES for path, line, message in rule(tree)}
    return sorted(found)


def read_tree(root):
    """The text files that git knows or would add; recorded payloads and corpora are no text of ours."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=root, check=True, capture_output=True, text=True).stdout.split("\0")
    texts = {}
    for path in filter(None, listed):
        full = root / path
        ours = path.endswith(TEXT) or path in ("dev", ".ci/run") or path.endswith((".cc", ".cxx", ".h", ".hh"))
        if ours and full.is_file() and not path.startswith("tests/corpus/") or path == "tests/corpus/replay_main.cpp":
            texts[path] = full.read_text(encoding="utf-8", errors="replace")
    return texts


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    root = root if len(sys.argv) > 1 else root.parent.parent
    texts = read_tree(root)
    found = check(texts)
    for violation in found:
        print(violation)
    print(f"tidy: {len(texts)} files, {len(found)} violations", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
