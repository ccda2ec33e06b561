"""Settings through the real command: every bad key or value is exit 78 with file:line:key."""

import os

import pytest


def write(vortex, text, name="vortex.toml"):
    (vortex.directory / name).write_text(text)


@pytest.mark.parametrize(
    "text, line, named",
    [
        ("[providers.yahoo]\nbase_ur = 'x'\n", 2, "providers.yahoo.base_url"),
        ("[provider.yahoo]\nbase_url = 'http://x'\n", 1, "providers"),
        ("[providers.yahoo]\n\nread_timeout = 5\n", 3, '"5s"'),
        ("[providers.yahoo]\nread_timeout = '5'\n", 2, '"5s"'),
        ("concurrency = 0\n", 1, "concurrency"),
        ("concurrency = -3\n", 1, "concurrency"),
        ("concurrency = 9223372036854775808\n", 1, ""),
        ("providers.yahoo.retry.budget = nan\n", 1, "budget"),
        ("providers.yahoo.limits = ['0/s']\n", 1, "0/s"),
        ("providers.yahoo.limits = ['5/day@Mars/Base']\n", 1, "Mars/Base"),
        ("[store]\nuri = 'a'\nuri = 'b'\n", 3, ""),
        ("[store\n", 1, ""),
        ("[[jobs]]\nname = 'a'\nsymbols = ['../x']\n", 3, "../x"),
        ('[[jobs]]\nname = "a"\nsymbols = ["A\\u0000B"]\n', 3, "symbol"),
        ('[[jobs]]\nname = "a"\nsymbols = ["A\\r\\nHost: x"]\n', 3, "symbol"),
        ("[[jobs]]\nname = 'a'\nsymbols = ['A']\ninterval = '1y'\n", 4, "1y"),
        ("default_providers = ['yaho']\n", 1, "yahoo"),
        ("[providers.yahoo]\nstrategy = 'roundrobin'\n", 2, "round_robin"),
        ("[providers.yahoo]\nendpoints = ['a.example']\n", 2, "a.example"),
        ("[providers.yahoo]\nlimits = ['5/0s']\n", 2, "5/0s"),
        ("[providers.yahoo]\nlimits = ['NaN/s']\n", 2, "NaN/s"),
        ("[providers.yahoo]\nlimits = ['-1/s']\n", 2, "-1/s"),
        ("[tasks]\ngrace = '5'\n", 2, '"5s"'),
        ("[tasks]\nworkers = 0\n", 2, "tasks.workers"),
        ("[tasks]\nqueue_bytes_max = 64\n", 2, "MiB"),
        ("[sync]\nreserve = nan\n", 2, "sync.reserve"),
        ("[sync]\nreserv = 0.2\n", 2, "sync.reserve"),
    ],
)
def test_bad_settings_are_refused_with_their_place(vortex, text, line, named):
    write(vortex, text)
    for command in (["config", "check"], ["config", "show"], ["status"], ["sync", "AAPL"]):
        refusal = vortex.refusal(*command, code=78)
        assert f"vortex.toml:{line}:" in refusal
        assert named in refusal


def test_bad_flags_and_variables_are_named(vortex):
    assert "store.uri" in vortex.refusal("config", "check", "--set", "store.url=x", code=78)
    assert "--set" in vortex.refusal("config", "check", "--set", "nonsense", code=78)
    line = vortex.refusal("config", "check", env={"VORTEX__PROVIDERS__YAHOO__BASE_URI": "http://x"}, code=78)
    assert "VORTEX__PROVIDERS__YAHOO__BASE_URL" in line
    assert "absent.toml" in vortex.refusal("config", "check", "--config", "absent.toml", code=78)


def test_check_lists_every_problem(vortex):
    write(vortex, "concurrency = 0\nxyzzy = 1\n")
    assert len(vortex("config", "check", code=78).stderr.splitlines()) == 2
    answer = vortex.json("config", "check", code=78)
    assert answer["status"] == "failed"
    assert [problem["class"] for problem in answer["problems"]] == ["config", "config"]


def test_precedence_and_origin(vortex):
    write(vortex, "concurrency = 2\n[store]\nuri = 'file'\n")

    def in_force(key, *arguments, env=None):
        values = vortex.json("config", "show", *arguments, env=env)["values"]
        return next((value["value"], value["origin"]) for value in values if value["key"] == key)

    assert in_force("concurrency") == ("2", "vortex.toml:1")
    env = {"VORTEX__CONCURRENCY": "3", "VORTEX__STORE__URI": "environment"}
    assert in_force("concurrency", env=env) == ("3", "VORTEX__CONCURRENCY")
    assert in_force("concurrency", "--set", "concurrency=4", "--set", "concurrency=5", env=env) == ("5", "--set")
    assert in_force("store.uri", "--set", "store.uri=set", env=env) == ('"set"', "--set")
    assert in_force("store.uri", "--store", "flag", "--set", "store.uri=set", env=env) == ('"flag"', "--store")
    assert in_force("cpu_threads") == ("0", "default")


def test_init_writes_what_check_accepts_and_what_the_defaults_are(vortex):
    before = {value["key"]: value["value"] for value in vortex.json("config", "show")["values"]}
    assert "wrote vortex.toml" in vortex("init", code=0).stderr
    assert os.stat(vortex.directory / "vortex.toml").st_mode & 0o777 == 0o600
    vortex("config", "check", code=0)
    after = {value["key"]: value["value"] for value in vortex.json("config", "show")["values"]}
    assert after == before
    assert "--force" in vortex.refusal("init")
    vortex("init", "--force", code=0)
    assert vortex("init", "-o", "-", code=0).stdout == (vortex.directory / "vortex.toml").read_text()


def test_schema_is_json_and_knows_the_keys(vortex):
    schema = vortex.json("config", "schema")["schema"]
    yahoo = schema["properties"]["providers"]["properties"]["yahoo"]
    assert yahoo["additionalProperties"] is False
    assert "base_url" in yahoo["properties"]
    assert yahoo["properties"]["strategy"]["enum"] == ["round_robin", "least_requests", "p2c_ewma"]
    assert yahoo["properties"]["endpoints"]["default"] == []
    assert schema["properties"]["tasks"]["properties"]["workers"]["maximum"] == 1000
    assert schema["properties"]["jobs"]["items"]["properties"]["interval"]["enum"][0] == "1m"


def test_secrets_are_never_shown(vortex):
    """J1: what somebody took for the place of a secret does not come back in any output."""
    secret = "S3CR3T-k3y"
    write(vortex, f"[providers.yahoo]\napi_key = '{secret}'\n")
    for command in (["config", "check"], ["config", "show"], ["status", "-vv"], ["config", "check", "--json"]):
        done = vortex(*command, code=78)
        assert secret not in done.stdout + done.stderr
        assert "env:NAME" in done.stdout + done.stderr
    write(vortex, "")
    env = {"VORTEX__PROVIDERS__YAHOO__API_KEY": secret}
    done = vortex("config", "show", "-vv", env=env, code=0)
    assert secret not in done.stdout + done.stderr
    assert "VORTEX__PROVIDERS__YAHOO__API_KEY" in done.stdout
    done = vortex("config", "show", "--set", f"providers.yahoo.proxy=http://user:{secret}@proxy:1", code=0)
    assert secret not in done.stdout + done.stderr


def test_messages_escape_what_was_typed(vortex):
    """J6: text from outside cannot forge lines or move the cursor."""
    done = vortex("config", "check", "--set", "a\x1b[2Jb.c=1", code=78)
    assert "\x1b" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
