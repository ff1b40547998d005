"""Who may use the server: keys, hosts, pages, TLS; and that it reaches out to nobody."""

import ipaddress
import ssl
import subprocess
from pathlib import Path

import openai
import pytest

from support import KEY, MODEL, OTHER_KEY, chat_body, message, read_reply, send

PAGE = "https://page.example"


# MARK: keys


@pytest.mark.parametrize("key", [KEY, OTHER_KEY], ids=["option", "environment"])
def test_a_key_opens_the_server(guarded, connect, key):
    client = connect(guarded, api_key=key)
    assert client.models.list().data[0].id == MODEL
    assert client.chat.completions.create(model=MODEL, messages=[message()], max_tokens=1).model == MODEL


@pytest.mark.parametrize("key", ["wrong", KEY[:-1], KEY + "x", KEY.upper(), f"{KEY},{OTHER_KEY}", "x" * 300])
def test_a_wrong_key_is_refused_and_not_repeated(guarded, connect, key):
    with pytest.raises(openai.AuthenticationError) as refusal:
        connect(guarded, api_key=key).models.list()
    error = refusal.value
    assert (error.type, error.code) == ("invalid_request_error", "invalid_api_key")
    assert error.message and key not in error.message


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": f"Bearer {KEY}"}, 200),
        ({"Authorization": f"bearer  {KEY} "}, 200),
        ({"x-api-key": KEY}, 200),
        ({"X-API-Key": OTHER_KEY}, 200),
        ({"Authorization": KEY}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"Authorization": f"Basic {KEY}"}, 401),
        ({"Authorization": "Bearer wrong", "x-api-key": KEY}, 401),
        ({"x-api-key": ""}, 401),
    ],
    ids=str,
)
def test_a_key_comes_in_one_of_two_headers(guarded, headers, status):
    reply = guarded.request("GET", "/v1/models", headers=headers)
    assert reply.status == status
    if status == 401:
        assert reply.error["code"] == "invalid_api_key"
        assert reply.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("GET", "/v1/health", 401),
        ("GET", "/health/", 401),
        ("GET", "/health?x", 401),
        ("GET", "//health", 401),
        ("GET", "/%68ealth", 401),
        ("GET", "/about", 401),
        ("GET", "/nothing", 401),
        ("POST", "/health", 401),
        ("POST", "/v1/chat/completions", 401),
        ("OPTIONS", "/v1/models", 401),
    ],
)
def test_only_the_health_is_open(guarded, method, path, status):
    assert guarded.request(method, path).status == status


def test_a_key_may_come_from_a_file(start_server, connect, tmp_path):
    file = tmp_path / "keys"
    file.write_text(f"{KEY}\n\n  {OTHER_KEY}  \r\n")
    server = start_server("--ctx-size", "64", "--parallel", "1", "--api-key-file", file)
    for key in (KEY, OTHER_KEY):
        assert connect(server, api_key=key).models.list().data
    assert server.request("GET", "/v1/models").status == 401


def test_a_refused_body_is_not_read(guarded):
    """The refusal comes before a large body; the client has sent its headers only."""
    reply = guarded.exchange(
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 1000000\r\n\r\n"
    )
    assert reply.status == 401


# MARK: hosts


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:5000", "app.localhost", "box.example:80", "localhost."],
)
def test_names_of_the_box_are_served(guarded, host):
    assert guarded.request("GET", "/health", headers={"Host": host}).status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:5000", "localhost.evil.example", "127.0.0.1.evil.example", "xlocalhost", "box.example.evil",
     "evil.example#localhost", "localhost@evil.example", "localhost, evil.example", "127.1", "0x7f000001", "[evil.example]"],
)  # fmt: skip
def test_other_names_are_not_served(guarded, host):
    reply = guarded.request("GET", "/health", headers={"Host": host})
    assert reply.status in (400, 403)
    assert reply.error["message"]


def test_the_host_of_an_absolute_target_counts(guarded):
    reply = guarded.exchange(b"GET http://evil.example/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert reply.status == 403


# MARK: pages


def test_an_allowed_page_may_ask_first(guarded):
    headers = {
        "Origin": PAGE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type, x-stainless-os",
    }
    reply = guarded.request("OPTIONS", "/v1/chat/completions", headers=headers)
    assert reply.status in (200, 204)
    assert reply.headers["Access-Control-Allow-Origin"] == PAGE
    assert "POST" in reply.headers["Access-Control-Allow-Methods"]
    allowed = reply.headers["Access-Control-Allow-Headers"].lower()
    assert all(name in allowed for name in ("authorization", "content-type", "x-stainless-os"))


@pytest.mark.parametrize("path", ["/v1/models", "/nothing"])
@pytest.mark.parametrize("key", [KEY, "wrong"])
def test_an_allowed_page_may_read_answers_and_refusals(guarded, path, key):
    reply = guarded.request("GET", path, headers={"Origin": PAGE, "Authorization": f"Bearer {key}"})
    assert reply.headers["Access-Control-Allow-Origin"] == PAGE
    assert "Origin" in reply.headers["Vary"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{PAGE}.evil", f"{PAGE}:444", "http://page.example"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_another_page_is_refused(guarded, method, origin):
    headers = {"Origin": origin, "Authorization": f"Bearer {KEY}", "Access-Control-Request-Method": "GET"}
    reply = guarded.request(method, "/v1/models", headers=headers)
    assert reply.status == 403
    assert "Access-Control-Allow-Origin" not in reply.headers


def test_without_the_option_no_page_is_allowed(server):
    headers = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
    for reply in (
        server.request("OPTIONS", "/v1/models", headers=headers),
        server.request("POST", "/v1/chat/completions", chat_body(max_tokens=1), {"Origin": PAGE}),
    ):
        assert reply.status == 403
        assert "Access-Control-Allow-Origin" not in reply.headers


def test_pages_of_the_server_itself_are_allowed(server):
    headers = {"Origin": f"http://127.0.0.1:{server.port}"}
    assert server.request("GET", "/v1/models", headers=headers).status == 200


# MARK: TLS


@pytest.fixture(scope="module")
def identity(tmp_path_factory):
    """A certificate for the loopback address, and its key."""
    folder = tmp_path_factory.mktemp("identity")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
            *("-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


@pytest.fixture(scope="module")
def encrypted(launch, identity):
    certificate, key = identity
    return launch("--ctx-size", "256", "--parallel", "1", "--ssl-certfile", certificate, "--ssl-keyfile", key)


def test_tls_serves_the_official_client(encrypted, identity, connect):
    assert encrypted.scheme == "https"
    trust = ssl.create_default_context(cafile=identity[0])
    client = connect(encrypted, http_client=openai.DefaultHttpxClient(verify=trust))
    assert client.models.list().data[0].id == MODEL
    chunks = list(client.chat.completions.create(model=MODEL, messages=[message()], max_tokens=4, stream=True))
    assert chunks[-1].choices[0].finish_reason


def test_a_client_that_does_not_know_the_certificate_refuses(encrypted, connect):
    with pytest.raises(openai.APIConnectionError):
        connect(encrypted).models.list()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_current_versions_of_tls_are_spoken(encrypted, identity, version):
    context = ssl.create_default_context(cafile=identity[0])
    context.minimum_version = context.maximum_version = version
    with context.wrap_socket(encrypted.socket(), server_hostname="127.0.0.1") as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert read_reply(connection).status == 200


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_outdated_tls_is_refused(encrypted):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)), encrypted.socket() as connection:
        context.wrap_socket(connection)


def test_plain_requests_to_the_encrypted_port_do_no_harm(encrypted, identity, connect):
    with encrypted.socket() as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try:
            assert not connection.recv(100).startswith(b"HTTP/1.1 2")
        except ConnectionError:
            pass
    test_tls_serves_the_official_client(encrypted, identity, connect)


# MARK: offline


def connections_of(server):
    """The local and remote addresses of the process's internet sockets."""
    inodes = set(server.sockets)
    for table in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6", "udplite", "icmp"):
        path = Path(f"/proc/{server.process.pid}/net/{table}")
        for line in path.read_text().splitlines()[1:] if path.exists() else []:
            fields = line.split()
            if fields[9] in inodes:
                yield from (address(field) for field in fields[1:3])


def address(field):
    """An address as the kernel writes it: words of four bytes in the machine's order."""
    digits = field.partition(":")[0]
    words = [bytes.fromhex(digits[start : start + 8])[::-1] for start in range(0, len(digits), 8)]
    return ipaddress.ip_address(b"".join(words))


def test_the_server_has_connections_with_this_box_only(server):
    with server.stream(**chat_body(max_tokens=32)) as stream:
        next(stream)
        addresses = set(connections_of(server))
    assert ipaddress.ip_address("127.0.0.1") in addresses
    assert all(address.is_loopback or address.is_unspecified for address in addresses), addresses


def test_the_server_listens_on_loopback_only(server):
    listening = [
        address(line.split()[1])
        for line in Path(f"/proc/{server.process.pid}/net/tcp").read_text().splitlines()[1:]
        if line.split()[9] in server.sockets and line.split()[3] == "0A"
    ]
    assert listening == [ipaddress.ip_address("127.0.0.1")]


def test_a_key_serves_several_requests_of_a_connection(guarded):
    """The key is asked for with each request, not once a connection."""
    connection = guarded.connection()
    key = {"Authorization": f"Bearer {KEY}"}
    statuses = [send(connection, "GET", "/v1/models", headers=headers).status for headers in (key, {}, key)]
    connection.close()
    assert statuses == [200, 401, 200]
