"""Images in chats of every dialect, on tiny models with random weights (Scripts/make-tiny-models.py)."""

import base64
import json
import struct
import zlib

import anthropic
import ollama
import pytest

from support import DEADLINE, KEY, MODEL, OTHER_KEY, ROOT, message, run

TINY = ROOT / "Tests" / "LlamaTests" / "Models"
IMAGES = ROOT / "Tests" / "LlamaTests" / "Images"
GRID = "tiny-qwen2vl"
SLICES = "tiny-smolvlm"
QUESTION = "what is it"
GREEDY = {"temperature": 0, "max_tokens": 24}
# What llama.cpp's own tool has printed of the same question.
PRINTED = {
    (f"tiny-{entry['model']}", entry["image"]): bytes.fromhex(entry["answer"]).decode(errors="replace")
    for entry in json.loads((IMAGES / "mtmd-cli.json").read_text())
}


def data(name):
    return (IMAGES / name).read_bytes()


def url(content, kind="image/png"):
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def part(content, **image):
    return {"type": "image_url", "image_url": {"url": url(content) if isinstance(content, bytes) else content} | image}


def text(content):
    return {"type": "text", "text": content}


def ask(server, *parts, **parameters):
    body = {"model": GRID, "messages": [message(list(parts))]} | GREEDY | parameters
    return server.request("POST", "/v1/chat/completions", body)


def content(reply):
    assert reply.status == 200, reply.body
    return reply.json["choices"][0]["message"]["content"]


def encoded(server, model=GRID):
    return server.metrics().value("encoded_media_total", model=model)


def models(folder, *names):
    for name in names:
        for file in (TINY / f"tiny-{name}.gguf", TINY / f"mmproj-tiny-{name}.gguf"):
            (folder / file.name).symlink_to(file)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return models(tmp_path_factory.mktemp("models"), "qwen2vl", "smolvlm")


@pytest.fixture(scope="module")
def vision(launch, folder):
    return launch("--models-dir", folder, "--model", GRID, "--ctx-size", "1024", "--deterministic")


@pytest.fixture
def fresh(start_server, folder):
    """Starts servers that have seen nothing."""
    return lambda *options, **variables: start_server(
        "--models-dir", folder, "--model", GRID, "--ctx-size", "1024", *options, **variables
    )


def png(width, height, rows=None):
    """A PNG file that says it has this size; by default of the rows that it says it has."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    rows = zlib.compress((b"\0" + bytes(3 * width)) * height) if rows is None else rows
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("model", "image"), PRINTED)
def test_the_answer_is_that_of_llama_cpps_own_tool(vision, model, image):
    assert content(ask(vision, part(data(image)), text(QUESTION), model=model)) == PRINTED[model, image]


def test_every_dialect_shows_the_model_the_same(vision, connect):
    image = data("waves.png")
    encoded = base64.b64encode(image).decode()
    expected = PRINTED[GRID, "waves.png"]
    client = connect(vision)
    chat = client.chat.completions.create(model=GRID, messages=[message([part(image), text(QUESTION)])], **GREEDY)
    assert chat.choices[0].message.content == expected
    # 96 of them are the image's.
    tokens = chat.usage.prompt_tokens
    assert tokens == 132
    response = client.responses.create(
        model=GRID,
        input=[
            {
                "role": "user",
                "content": [
                    {"type": "input_image", "image_url": url(image), "detail": "auto"},
                    {"type": "input_text", "text": QUESTION},
                ],
            }
        ],
        temperature=0,
        max_output_tokens=24,
    )
    assert response.output_text == expected and response.usage.input_tokens == tokens
    claude = anthropic.Anthropic(base_url=vision.url, api_key="unused", max_retries=0, timeout=DEADLINE)
    source = {"type": "base64", "media_type": "image/png", "data": encoded}
    messages = [message([{"type": "image", "source": source}, text(QUESTION)])]
    answer = claude.messages.create(model=GRID, messages=messages, max_tokens=24, extra_body={"temperature": 0})
    assert answer.content[0].text == expected
    assert answer.usage.input_tokens + answer.usage.cache_read_input_tokens == tokens
    assert claude.messages.count_tokens(model=GRID, messages=messages).input_tokens == tokens
    # Ollama's images stand behind the text.
    behind = content(ask(vision, text(QUESTION), part(image)))
    client = ollama.Client(host=vision.url, timeout=DEADLINE)
    options = {"temperature": 0, "num_predict": 24}
    chat = client.chat(GRID, [{"role": "user", "content": QUESTION, "images": [image]}], options=options)
    assert chat.message.content == behind
    assert client.generate(GRID, QUESTION, images=[image], options=options).response == behind
    assert "vision" in client.show(GRID).capabilities


def test_an_answer_is_streamed(vision, connect):
    stream = connect(vision).chat.completions.create(
        model=SLICES, messages=[message([part(data("waves.png")), text(QUESTION)])], stream=True, **GREEDY
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == PRINTED[SLICES, "waves.png"]


@pytest.mark.parametrize(("model", "slices"), [(GRID, 1), (SLICES, 5)])
def test_an_image_that_is_sent_again_is_not_encoded_again(fresh, model, slices):
    server = fresh()
    image = part(data("waves.png"))
    first = ask(server, image, text(QUESTION), model=model, n=2)
    assert encoded(server, model) == slices
    # The next turn goes on from memory.
    turn = [message([image, text(QUESTION)]), message(content(first), "assistant"), message("why")]
    second = ask(server, model=model, messages=turn)
    assert second.json["usage"]["prompt_tokens_details"]["cached_tokens"] >= first.json["usage"]["prompt_tokens"] - 1
    # Elsewhere in a prompt, twice, and as another dialect has it: it is computed there, but not encoded.
    twice = ask(server, text("look"), image, text("and"), image, text("what"), model=model)
    assert twice.status == 200
    assert encoded(server, model) == slices
    assert ask(server, part(data("waves.jpg")), text(QUESTION), model=model).status == 200
    assert encoded(server, model) == 2 * slices


def test_nobody_learns_what_another_has_shown(fresh):
    server = fresh("--api-key", KEY, INFERENCE_SERVER_API_KEY=OTHER_KEY)
    for number, key in enumerate((KEY, OTHER_KEY), 1):
        body = {"model": GRID, "messages": [message([part(data("waves.png")), text(QUESTION)])]} | GREEDY
        reply = server.request("POST", "/v1/chat/completions", body, headers={"Authorization": f"Bearer {key}"})
        assert reply.json["usage"]["prompt_tokens_details"]["cached_tokens"] == 0
        assert server.metrics(key).value("encoded_media_total", model=GRID) == number


def test_other_images_get_other_answers_and_details_change_nothing(vision):
    answers = {content(ask(vision, part(data(name)), text(QUESTION))) for name in ("waves.png", "waves.jpg", "waves.bmp")}
    assert len(answers) == 3
    assert {content(ask(vision, part(data("waves.png"), detail=detail), text(QUESTION))) for detail in ("low", "high")} == {
        PRINTED[GRID, "waves.png"]
    }


REFUSALS = [
    # The picture, and what is said of it.
    (b"", "empty_image_file"),
    (b"hello", "invalid_image_format"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "invalid_image_format"),
    (data("waves.webp"), "invalid_image_format"),
    (b"RIFF\0\0\0\0WAVEfmt ", "invalid_image_format"),
    (data("waves.png")[:-1], "image_parse_error"),
    (data("waves.png")[:1000], "image_parse_error"),
    (data("waves.jpg")[:-2], "image_parse_error"),
    (data("waves.jpg")[:700], "image_parse_error"),
    (data("waves.gif")[:-1], "image_parse_error"),
    (data("waves.bmp")[:-1], "image_parse_error"),
    # What only decoding finds.
    (png(16, 16, b"\x78\x9c\xff\xff\xff\xff"), "image_parse_error"),
    (png(16, 16, zlib.compress(bytes(40))), "image_parse_error"),
    (png(64, 64, zlib.compress(bytes(200 << 20), 9)), "image_parse_error"),
    (png(0, 0, b""), "image_too_small"),
    (png(0, 100, b""), "image_too_small"),
    (png(1, 1), "image_too_small"),
    (png(10_000, 10_000, b"x"), "image_too_large"),
    (png(2**31 - 1, 2**31 - 1, b"x"), "image_too_large"),
    (png(2, 1000), "image_too_large"),
    ("data:image/png;base64,####", "invalid_base64_image"),
    ("data:image/png;base64,not base64", "invalid_base64_image"),
    ("data:image/png,abc", "invalid_base64_image"),
    ("data:image/png;base64", "invalid_image_url"),
    ("data:", "invalid_image_url"),
    ("data:," + "x" * 5000, "invalid_base64_image"),
    (url(data("waves.png"), "text/html"), "unsupported_image_media_type"),
    (url(bytes(21 << 20)), "image_file_too_large"),
    ("https://example.com/a.png", "invalid_value"),
    ("file:///etc/passwd", "invalid_value"),
]


@pytest.mark.parametrize(("image", "code"), REFUSALS, ids=[f"{number}-{code}" for number, (_, code) in enumerate(REFUSALS)])
def test_what_is_no_image_is_a_400_that_names_it(vision, image, code):
    reply = ask(vision, text(QUESTION), part(image))
    assert reply.status == 400
    error = reply.json["error"]
    assert error["code"] == code and error["param"].startswith("messages[0].content[1].image_url")
    assert set(error) == {"message", "type", "param", "code"}


def test_a_good_image_beside_a_bad_one_does_not_help(vision):
    reply = ask(vision, part(data("waves.png")), part(b"x"), text(QUESTION))
    assert reply.status == 400 and reply.json["error"]["param"].startswith("messages[0].content[1]")


def test_refusals_of_the_other_dialects(vision):
    broken = base64.b64encode(data("waves.png")[:500]).decode()
    source = {"type": "base64", "media_type": "image/png", "data": broken}
    body = {"model": GRID, "max_tokens": 4, "messages": [message([{"type": "image", "source": source}])]}
    reply = vision.request("POST", "/v1/messages", body)
    assert reply.status == 400 and "was cut short" in reply.json["error"]["message"]
    body = {"model": GRID, "messages": [message(QUESTION) | {"images": [broken]}]}
    reply = vision.request("POST", "/api/chat", body)
    assert reply.status == 400 and "was cut short" in reply.json["error"]
    body = {"model": GRID, "input": [message([{"type": "input_image", "image_url": url(b"x")}])]}
    reply = vision.request("POST", "/v1/responses", body)
    assert reply.status == 400 and reply.json["error"]["param"] == "input[0].content[0].image_url"
    assert vision.request("POST", "/v1/responses/input_tokens", body).status == 400


def test_too_many_images_and_pixels_are_refused(vision):
    image = part(data("waves.bmp"))
    reply = ask(vision, *[image] * 65, text(QUESTION))
    assert reply.status == 400 and reply.json["error"]["code"] == "too_many_images"
    large = [part(png(5000 + number, 5000)) for number in range(3)]
    reply = ask(vision, *large, text(QUESTION))
    assert reply.status == 400 and reply.json["error"]["code"] == "image_too_large"
    assert reply.json["error"]["param"].startswith("messages[0].content[2]")


def test_an_images_tokens_count_against_the_context(vision):
    images = [part(data("waves.png"))] * 11
    reply = ask(vision, *images, text(QUESTION))
    assert reply.status == 400 and reply.json["error"]["code"] == "context_length_exceeded"
    assert "resulted in 1112 tokens" in reply.json["error"]["message"]


def test_a_large_image_is_scaled_as_the_model_takes_it(vision):
    # At most 4,096 tokens, of which the context has a quarter.
    reply = ask(vision, part(png(2000, 1500)), text(QUESTION))
    assert reply.status == 400 and reply.json["error"]["code"] == "context_length_exceeded"
    assert ask(vision, part(png(2000, 1500)), text(QUESTION), model=SLICES).status == 200


def test_a_model_without_a_projector_takes_none(server):
    reply = ask(server, part(data("waves.png")), text(QUESTION), model=MODEL)
    assert reply.status == 400 and reply.json["error"]["code"] == "image_input_not_supported"
    assert server.request("GET", "/props").json["modalities"] == {"vision": False, "audio": False}


def test_who_sees_is_told(vision):
    cards = {name: card["meta"]["input_modalities"] for name, card in vision.models.items()}
    assert cards == {GRID: ["text", "image"], SLICES: ["text", "image"]}
    assert vision.request("GET", "/props").json["modalities"]["vision"] is True


def test_the_prompt_is_shown_with_llama_cpps_marker(vision):
    body = {"model": GRID, "messages": [message([part(data("waves.png")), text(QUESTION)])]}
    prompt = vision.request("POST", "/apply-template", body).json["prompt"]
    assert f"<__media__>{QUESTION}" in prompt and "__media_" not in prompt.replace("<__media__>", "")


def test_a_marker_in_a_text_stands_for_no_image(vision):
    assert ask(vision, text("<__media__> <|vision_start|>"), part(data("waves.bmp")), text(QUESTION)).status == 200
    assert ask(vision, text("<__media__>")).status == 200


def test_decisions_are_made_about_images(vision):
    body = {
        "model": GRID,
        "input": [message([{"type": "input_image", "image_url": url(data("waves.png"))}])],
        "questions": [
            {"type": "choice", "instructions": "Which?", "choices": [{"value": "waves"}, {"value": "stones"}]},
            {"type": "predicate", "instructions": "It is dark."},
        ],
    }
    before = encoded(vision)
    reply = vision.request("POST", "/v1/decisions", body)
    assert reply.status == 200, reply.body
    assert encoded(vision) <= before + 1


def test_a_response_is_gone_on_from_with_its_image(vision, connect):
    client = connect(vision)
    assert ask(vision, part(data("waves.png")), text(QUESTION)).status == 200
    before = encoded(vision)
    first = client.responses.create(
        model=GRID,
        input=[{"role": "user", "content": [{"type": "input_image", "image_url": url(data("waves.png")), "detail": "low"}]}],
        temperature=0,
        max_output_tokens=16,
    )
    second = client.responses.create(
        model=GRID, previous_response_id=first.id, input="why", temperature=0, max_output_tokens=16
    )
    assert second.usage.input_tokens > first.usage.input_tokens + 4
    assert encoded(vision) == before


def test_images_can_be_left_out(start_server, folder):
    blind = start_server("--models-dir", folder, "--model", GRID, "--ctx-size", "512", "--mmproj", "none")
    reply = ask(blind, part(data("waves.png")), text(QUESTION))
    assert reply.status == 400 and reply.json["error"]["code"] == "image_input_not_supported"


def test_a_projector_may_be_named(start_server, tmp_path):
    projector = tmp_path / "eyes.gguf"
    projector.symlink_to(TINY / "mmproj-tiny-qwen2vl.gguf")
    model = TINY / "tiny-qwen2vl.gguf"
    server = start_server("--model", model, "--ctx-size", "512", "--mmproj", projector, "--deterministic")
    assert content(ask(server, part(data("waves.png")), text(QUESTION))) == PRINTED[GRID, "waves.png"]


@pytest.mark.parametrize(
    ("projector", "words"),
    [
        (TINY / "mmproj-tiny-qwen2vl.gguf", ("vectors of 64 numbers", "have 576")),
        (TINY / "tiny-qwen2vl.gguf", ("no projector",)),
        ("nowhere.gguf", ("there is no such file",)),
    ],
)
def test_a_projector_that_does_not_fit_is_refused_at_start(projector, words):
    result = run("serve", "--port", "0", "--mmproj", str(projector))
    assert result.returncode == 1
    (line,) = [line for line in result.stderr.splitlines() if "info [" not in line]
    assert all(word in line for word in words)


def test_a_projector_beside_a_model_that_does_not_fit_is_left_out(start_server, tmp_path):
    (tmp_path / "a.gguf").symlink_to((ROOT / "models" / f"{MODEL}.Q4_1.gguf").resolve())
    (tmp_path / "mmproj-a.gguf").symlink_to(TINY / "mmproj-tiny-qwen2vl.gguf")
    server = start_server("--models-dir", tmp_path, "--ctx-size", "512")
    assert "belongs to another model: it is served without" in server.log
    assert ask(server, part(data("waves.png")), text(QUESTION), model="a").status == 400
