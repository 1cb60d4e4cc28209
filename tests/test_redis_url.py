"""What a Redis URL may say; what is wrong with one is told without repeating it."""

import pytest

from sent_mcp.redis_url import RedisAddress, read_redis_url

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://cache", RedisAddress("cache")),
        ("redis://127.0.0.1:6380/3", RedisAddress("127.0.0.1", 6380, database=3)),
        ("redis://cache/?db=4", RedisAddress("cache", database=4)),
        ("redis://[::1]:6380/", RedisAddress("::1", 6380)),
        ("redis://:hunter2@cache", RedisAddress("cache", password=SECRET)),
        (
            "redis://anna:a%40b%2F%23@cache",
            RedisAddress("cache", username="anna", password="a@b/#"),
        ),
        ("redis://anna:a@b@cache", RedisAddress("cache", username="anna", password="a@b")),
        ("rediss://cache", RedisAddress("cache", tls=True)),
        (
            "rediss://cache/1?ssl_ca_certs=/etc/ca.pem&ssl_certfile=/a&ssl_keyfile=/b",
            RedisAddress(
                "cache",
                database=1,
                tls=True,
                files={"ssl_ca_certs": "/etc/ca.pem", "ssl_certfile": "/a", "ssl_keyfile": "/b"},
            ),
        ),
        ("unix:///run/redis.sock?db=2", RedisAddress(path="/run/redis.sock", database=2)),
        (
            "unix://anna:hunter2@/run/redis.sock",
            RedisAddress(path="/run/redis.sock", username="anna", password=SECRET),
        ),
    ],
)
def test_a_url_says_where_and_who(url: str, expected: RedisAddress) -> None:
    """Host, port, database, user, password, TLS and its files, or a socket."""
    assert read_redis_url(url) == expected


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://:hunter2@cache", "must begin with redis://"),
        ("hunter2", "must begin with redis://"),
        ("redis://", "names no host"),
        ("redis://:hunter2@/0", "names no host"),
        ("redis://:hunter2@cache:0", "its port is no number from 1 to 65535"),
        ("redis://:hunter2@cache:66000", "its port is no number from 1 to 65535"),
        ("redis://:hunter2/more@cache:6379/0", "port is no number|names no host"),
        ("redis://anna:12/hunter2@cache:6379/0", "its database is no number"),
        ("redis://:hunter2#more@cache", "in a password write #"),
        ("redis://:hunter2?more@cache", "behind its [?] only db may stand; in a password write #"),
        ("redis://cache/hunter2", "its database is no number"),
        ("redis://cache/-1", "its database is no number"),
        ("redis://cache/0?password=hunter2", "behind its [?] only db may stand"),
        ("redis://cache/0?ssl_ca_certs=/a", "behind its [?] only db may stand"),
        ("rediss://cache/0?ssl_cert_reqs=none", "only db, ssl_ca_certs, .* may stand"),
        ("redis://:hunter2@[cache", "its host cannot be read"),
        ("redis://:hunter 2@cache", "contains a space"),
        ("redis://:hunter2@cache\n", "contains a space"),
        ("unix://run/redis.sock", "needs the absolute path of a socket"),
        ("unix://", "needs the absolute path of a socket"),
    ],
)
def test_a_url_that_names_no_server_is_refused(url: str, reason: str) -> None:
    """With the reason, and nothing of what it says."""
    with pytest.raises(ValueError, match=reason) as caught:
        read_redis_url(url)
    assert "hunter" not in str(caught.value)
    assert "more" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_an_address_is_shown_without_who_we_are_there() -> None:
    """In sentences and in logs."""
    address = read_redis_url("rediss://pauline:hunter2@[::1]:6380/1")
    assert str(address) == "[::1]:6380"
    assert "pauline" not in repr(address)
    assert SECRET not in repr(address)
    assert str(read_redis_url("unix://:hunter2@/run/redis.sock")) == "/run/redis.sock"
