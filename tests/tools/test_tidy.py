"""Each rule of tools/tidy.py with an example that breaks it and one that keeps it."""

import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import tidy  # noqa: E402  the folder of tools is no package

ROOMS = """
# vortex_room(ghost) in a comment is no room
vortex_room(base)
vortex_room(codec MAY base)
vortex_room(net   MAY base)
vortex_room(store MAY base codec)
vortex_third_party(base  PUBLIC fmt::fmt PRIVATE spdlog::spdlog)
vortex_third_party(codec PUBLIC vortex_arrow PRIVATE simdjson::simdjson)
vortex_third_party(net   PRIVATE CURL::libcurl)
vortex_third_party(store PUBLIC vortex_arrow PRIVATE SQLite::SQLite3)
"""
INSTALL = "set(headers vortex/base/error.hpp)"


def rules_broken(path, text, **others):
    """The names of the rules that a tree with this one file breaks."""
    texts = {"cmake/rooms.cmake": ROOMS, "cmake/VortexInstall.cmake": INSTALL,
             "vortex/base/error.hpp": "// Errors.\n#pragma once\n", path: text}
    texts.update({name.replace("__", "/"): text for name, text in others.items()})
    return {v.rule for v in tidy.check(texts)}


def header(body):
    return f"// What it is.\n#pragma once\n{body}\n"


BROKEN = [
    ("layers", "vortex/codec/a.cpp", '#include "vortex/net/http.hpp"\n'),
    ("layers", "vortex/base/a.cpp", '#include "vortex/codec/bar.hpp"\n'),
    ("layers", "vortex/store/a.cpp", '#include "vortex/codec/bar_internal.hpp"\n'),
    ("layers", "vortex/store/a.cpp", '#include "table.hpp"\n'),
    ("third-party", "vortex/net/a.cpp", "#include <simdjson.h>\n"),
    ("third-party", "vortex/store/a.cpp", "#include <simdjson.h>\n"),
    ("third-party", "vortex/net/a.cpp", "#include <arrow/array.h>\n"),
    ("third-party", "vortex/codec/a.cpp", "#include <curl/curl.h>\n"),
    ("third-party", "vortex/codec/a.cpp", "#include <spdlog/spdlog.h>\n"),
    ("third-party", "vortex/codec/a.cpp", "#include <gtest/gtest.h>\n"),
    ("third-party", "vortex/codec/a.cpp", "#include <absl/strings/str_cat.h>\n"),
    ("third-party", "apps/cli/main.cpp", "#include <sqlite3.h>\n"),
    ("public-api", "vortex/base/error.hpp", header("#include <fmt/format.h>")),
    ("public-api", "vortex/base/error.hpp", header('#include "vortex/base/other.hpp"')),
    ("public-api", "examples/a.cpp", '#include "vortex/store/delta_log.hpp"\n'),
    ("banned", "vortex/net/a.cpp", "asio::co_spawn(ex, f(), asio::detached);\n"),
    ("banned", "vortex/net/a.cpp", 'std::cout << "hello";\n'),
    ("banned", "vortex/net/a.cpp", 'printf("hello");\n'),
    ("banned", "vortex/net/a_test.cpp", "std::this_thread::sleep_for(1s);\n"),
    ("banned", "vortex/net/a.cpp", "auto now = std::chrono::system_clock::now();\n"),
    ("banned", "vortex/net/a.cpp", "int x = rand();\n"),
    ("banned", "vortex/net/a.cpp", "std::random_device device;\n"),
    ("banned", "vortex/net/a.cpp", "#include <regex>\n"),
    ("banned", "vortex/net/a.cpp", "using namespace std;\n"),
    ("banned", "vortex/net/a.cpp", "#include <boost/asio.hpp>\n"),
    ("banned", "vortex/net/a.hpp", header("#include <iostream>")),
    ("banned", "vortex/codec/a.hpp", header("#include <arrow/api.h>")),
    ("banned", "vortex/net/a.hpp", header("inline Task<int> f() { co_await g(); }")),
    ("banned", "vortex/net/a.hpp", header("class CallManager {\n};")),
    ("unfinished", "vortex/net/a.cpp", "// TO" "DO: the rest\n"),
    ("unfinished", "tools/a.py", "# FIX" "ME\n"),
    ("unfinished", "vortex/net/a.cpp", "// good enough for " "now\n"),
    ("machine", "docs/a.md", "# Title\nsee /wor" "k/main\n"),
    ("machine", "vortex/net/a.cpp", 'auto path = "/tm' 'p/x";\n'),
    ("machine", "dev", "pip install -i https://pyp" "i.org/simple x\n"),
    ("header", "vortex/net/a.hpp", "#pragma once\nint f();\n"),
    ("header", "vortex/net/a.hpp", "// What it is.\nint f();\n"),
    ("size", "vortex/net/a.cpp", "// " + "x" * 98 + "\n"),
    ("size", "vortex/net/a.cpp", "\n" * 401),
    ("nolint", "vortex/net/a.cpp", "int x;  // NOLINT\n"),
    ("nolint", "vortex/net/a.cpp", "int x;  // NOLINT(bugprone-thing)\n"),
    ("names", "vortex/net/HttpClient.cpp", "\n"),
    ("names", "vortex/net/utils/a.cpp", "\n"),
    ("names", "vortex/net/a.cc", "\n"),
    ("test-names", "vortex/net/a_test.cpp", "TEST(HttpClientTest, Works) {}\n"),
    ("test-names", "vortex/net/a_test.cpp", "TEST(HttpClientTest, keeps_order) {}\n"),
    ("test-names", "vortex/net/a_test.cpp", "TEST_F(Http, KeepsTheOrder) {}\n"),
    ("case", "tests/cases/yahoo/a.case", "request bars AAPL\nrows\n"),
    ("case", "tests/cases/yahoo/a.case", "# Says.\nreply 200\nrows\n"),
    ("case", "tests/cases/yahoo/a.case", "# Says.\nrequest bars AAPL\nreply 200\n"),
    ("document", "docs/a.md", "No title\n"),
    ("document", "docs/a.md", "# One\n\n# Two\n"),
    ("pinned", "tools/requirements.txt", "pyarrow>=20\n"),
    ("target", "vortex/ghost/a.cpp", "int x;\n"),
    ("target", "vortex/a.cpp", "int x;\n"),
    ("target", "apps/cli/deep/a.cpp", "int x;\n"),
    ("target", "tests/lost/a.cpp", "int x;\n"),
]


@pytest.mark.parametrize("rule,path,text", BROKEN)
def test_what_breaks_a_rule_is_found(rule, path, text):
    assert rule in rules_broken(path, text)


@pytest.mark.parametrize("path,text", [
    ("vortex/store/a.cpp", '#include <arrow/table.h>\n#include <fmt/core.h>\n#include <sqlite3.h>\n'
                           '#include <sys/stat.h>\n#include <vector>\n\n#include "vortex/codec/bar.hpp"\n'),
    ("vortex/net/a.hpp", header("#include <arrow/type_fwd.h>\n// co_await, printf(, std::cout in a comment")),
    ("vortex/net/a.cpp", 'auto text = "std::cout << rand()"; auto n = snprintf(b, 3, "x");\n'),
    ("vortex/net/a.cpp", "using namespace std::chrono_literals;\nauto i = my.rand();\n"),
    ("vortex/base/clock.cpp", "auto now = std::chrono::system_clock::now();\n"),
    ("vortex/net/a.cpp", "int x;  // NOLINT(bugprone-thing): the C interface wants it\n"),
    ("vortex/net/a_test.cpp", "#include <gtest/gtest.h>\nTEST(HttpClientTest, KeepsOrder) {}\n"),
    ("vortex/net/a_for_test.hpp", header("#include <gtest/gtest.h>")),
    ("vortex/net/a_bench.cpp", "#include <benchmark/benchmark.h>\n"),
    ("tests/cases/yahoo/a.case", "# Says.\nrequest bars AAPL 1d\nreply 200\n{}\nerror VX-4001\n"),
    ("docs/a.md", "# Title\n\n```\n# a comment in code\n```\n"),
    ("tools/requirements.txt", "# Pinned.\npyarrow==26.0.1\n"),
    ("examples/a.md", "# Title\n"),
])
def test_what_keeps_the_rules_passes(path, text):
    assert rules_broken(path, text) == set()


def test_a_source_named_by_the_cmake_file_beside_it_has_a_target():
    assert rules_broken("tests/x/a.cpp", "int x;\n", **{"tests/x/CMakeLists.txt": "add_executable(a a.cpp)"}) == set()


def test_a_public_header_that_is_gone_is_found():
    assert "public-api" in rules_broken("cmake/VortexInstall.cmake", "set(headers vortex/base/gone.hpp)")


def test_a_violation_names_the_line():
    texts = {"cmake/rooms.cmake": ROOMS, "vortex/net/a.cpp": "int x;\nR\"(\n)\" + rand();\n"}
    assert [(v.line, v.rule) for v in tidy.check(texts)] == [(3, "banned")]


def test_rooms_inherit_public_third_parties_but_not_private_ones():
    rooms = tidy.read_rooms(ROOMS)
    assert set(rooms) == {"base", "codec", "net", "store"}
    assert rooms["store"].may == {"store", "base", "codec"}
    assert "fmt::fmt" in rooms["store"].third_parties
    assert "spdlog::spdlog" not in rooms["store"].third_parties


def test_every_rule_has_an_example_that_breaks_it():
    known = {name for name, _ in tidy.FILE_RULES + tidy.TREE_RULES}
    assert known == {rule for rule, _, _ in BROKEN}


def test_every_third_party_of_the_real_table_is_known():
    rooms = tidy.read_rooms((ROOT / "cmake/rooms.cmake").read_text())
    assert {t for r in rooms.values() for t in r.third_parties} <= set(tidy.THIRD_PARTY_INCLUDES)
