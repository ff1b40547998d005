"""Examples of manuals of servers that speak OpenAI's API, host and model's name aside: what is printed there works here.

The manuals are those of text-generation-webui, of three wrappers of OpenAI's API, and of OpenAI's specification as its repository
tells it. docs/compatibility.md lists the examples that can't hold, with the reason; the last tests here hold it to that.
"""

import json

import openai
import pytest

from support import KEY, MODEL, message

HELLO = [{"role": "user", "content": "Hello, how are you?"}]
FOX = "The quick brown fox jumps over the lazy dog"
NEUTRAL = {"temperature": 0.5, "presence_penalty": 0, "frequency_penalty": 0, "top_p": 1}
CAKE = {"prompt": "This is a cake recipe:\n\n1.", "max_tokens": 200, "temperature": 1, "top_p": 0.9, "seed": 10}
GET_WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get current weather",
        "parameters": {
            "type": "object",
            "properties": {"location": {"type": "string", "description": "City name"}},
            "required": ["location"],
        },
    },
}


@pytest.fixture(scope="module")
def server(launch):
    """With room for an answer without a limit, and not for an endless one."""
    return launch("--ctx-size", "512", "--parallel", "4")


@pytest.fixture(scope="module")
def client(server, connect):
    return connect(server)


def ask(text, **parameters):
    """An example; where it leaves its draws to chance, they are the same ones each time."""
    return {"messages": [message(text)], "seed": 1} | parameters


# MARK: chats

CHATS = {
    "strawberry": ask("How many 'r's are there in Strawberry?", model="gpt-4o-mini-2024-07-18", **NEUTRAL),
    "strawberry, not streamed": ask(
        "How many 'r's are there in Strawberry?", model="gpt-4o-mini-2024-07-18", temperature=0.5, top_p=1, stream=False
    ),
    "joke": ask("Tell me a joke about programmers.", model="gpt-4o-mini-2024-07-18", temperature=0.7, top_p=1, stream=False),
    "hello": ask("Hello!", model="gpt-4o-mini-2024-07-18", temperature=0.5, stream=False),
    "limit": ask("Hello, how are you?", model=MODEL, temperature=0.7, max_tokens=100, stream=False),
    "what is AI": ask("What is AI?", model=MODEL),
    "hello world": {"model": "gpt-4o", "messages": HELLO},
    "instruct": ask("Hello!", mode="instruct", instruction_template="Alpaca"),
    "character": ask("Hello! Who are you?", mode="chat", character="Example"),
    "weather": ask("What is the weather in San Francisco?", model="gpt-4o", tools=[GET_WEATHER]),
    "choice": ask("What is the weather in San Francisco?", model="gpt-4o", tools=[GET_WEATHER], tool_choice="auto"),
}


@pytest.mark.parametrize("body", CHATS.values(), ids=CHATS.keys())
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/chat/completions"])
def test_a_chat_is_answered(server, path, body):
    reply = server.request("POST", path, body)
    assert reply.status == 200, reply
    answer = reply.json
    assert answer["object"] == "chat.completion" and answer["id"].startswith("chatcmpl-")
    [choice] = answer["choices"]
    assert choice["index"] == 0 and choice["message"]["role"] == "assistant"
    assert choice["message"]["content"] or choice["message"]["tool_calls"]
    assert choice["finish_reason"] in ("stop", "length", "tool_calls")
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


STREAMED = {
    "India": ask("Write 10 lines on India", model="gpt-4o-mini-2024-07-18", **NEUTRAL),
    "sea": ask("Write a poem about the sea.", model="gpt-4o-mini-2024-07-18", temperature=0.7, top_p=1),
    "story": ask("Tell me a story.", model=MODEL),
    "raw": {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]},
}


@pytest.mark.parametrize("body", STREAMED.values(), ids=STREAMED.keys())
def test_a_script_that_reads_lines_prints_a_chat(server, body):
    """As the scripts of these manuals do: they skip what they can't read."""
    reply = server.request("POST", "/v1/chat/completions", body | {"stream": True})
    printed, lines = "", [line for line in reply.body.decode().splitlines() if line]
    assert all(line.startswith("data: ") for line in lines) and lines[-1] == "data: [DONE]"
    for line in lines:
        try:
            content = json.loads(line[6:])
            if "choices" in content:
                printed += content["choices"][0]["delta"]["content"]
        except (ValueError, KeyError, TypeError):
            continue
    assert printed.strip()


@pytest.mark.parametrize("parameters", [{"mode": "instruct"}, {"mode": "instruct", "instruction_template": "Alpaca"}])
def test_a_script_that_reads_messages_of_chunks_prints_a_chat(server, parameters):
    """It has to stop at `[DONE]`."""
    reply = server.request("POST", "/v1/chat/completions", ask("Hello!", stream=True, **parameters))
    events = [line[6:] for line in reply.body.decode().splitlines() if line.startswith("data: ")]
    assert events.pop() == "[DONE]"
    assert "".join(json.loads(event)["choices"][0]["message"]["content"] for event in events).strip()


def test_a_script_chats_with_a_character(server):
    history = []
    for text in ("Hello!", "How are you?"):
        history.append({"role": "user", "content": text})
        data = {"mode": "chat", "character": "Example", "messages": history, "max_tokens": 60, "seed": 1}
        answer = server.request("POST", "/v1/chat/completions", data).json["choices"][0]["message"]["content"]
        history.append({"role": "assistant", "content": answer})
    assert all(turn["content"].strip() for turn in history)


def test_the_official_client_chats(connect, server):
    client = connect(server, api_key="dummy-key")
    answer = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Hello!"}], seed=1)
    assert answer.choices[0].message.content


def test_the_official_client_with_all_its_settings_chats(connect, server):
    client = connect(
        server, organization="org-xxxxx", default_headers={"OpenAI-Project": "proj-xxxxx"}, max_retries=3, timeout=30
    )
    answer = client.chat.completions.create(
        model="gpt-4o", messages=[message("Hello")], temperature=0.7, top_p=0.9, max_tokens=500, seed=12345
    )
    assert answer.choices[0].message.content


def test_the_official_client_streams_with_usage(client):
    """As the example in JavaScript reads it: the last chunk, with the usage, has no choices."""
    stream = client.chat.completions.create(
        model="gpt-4o", messages=[message("Hello")], stream=True, stream_options={"include_usage": True}, seed=1
    )
    chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices).strip()
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens > 0


def test_chunks_are_gathered_before_they_are_shown(client):
    stream = client.chat.completions.create(model="gpt-4o", messages=[message("Hello")], stream=True, seed=1)
    shown, buffer = [], ""
    for chunk in stream:
        if chunk.choices[0].delta.content:
            buffer += chunk.choices[0].delta.content
            if len(buffer) >= 50:
                shown.append(buffer)
                buffer = ""
    if buffer:
        shown.append(buffer)
    assert "".join(shown).strip()


def test_a_loop_with_tools_ends(client):
    def get_weather(location, unit="celsius"):
        return f"{location}: 22°{unit[0].upper()}"

    parameters = {
        "type": "object",
        "properties": {"location": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
        "required": ["location"],
    }
    tools = [
        {
            "type": "function",
            "function": {"name": "get_weather", "description": "Get weather for a location", "parameters": parameters},
        }
    ]
    messages = [{"role": "user", "content": "What's the weather in SF and NYC?"}]
    for _ in range(4):
        response = client.chat.completions.create(
            model="gpt-4o", messages=messages, tools=tools, tool_choice="auto", seed=1
        )
        assistant_message = response.choices[0].message
        messages.append(assistant_message)
        if response.choices[0].finish_reason != "tool_calls":
            break
        for tool_call in assistant_message.tool_calls:
            args = json.loads(tool_call.function.arguments)
            result = get_weather(**args)
            messages.append({"role": "tool", "tool_call_id": tool_call.id, "content": result})
    assert messages[-1].content


def test_results_of_two_calls_at_once_are_read(client):
    cities = {"call_1": "San Francisco", "call_2": "New York"}
    calls = [
        {"id": id, "type": "function", "function": {"name": "get_weather", "arguments": json.dumps({"location": city})}}
        for id, city in cities.items()
    ]
    results = [{"role": "tool", "tool_call_id": id, "content": f"{city}: 22°C"} for id, city in cities.items()]
    answer = client.chat.completions.create(
        model="gpt-4o",
        messages=[message("What's the weather?"), {"role": "assistant", "tool_calls": calls}, *results],
        tools=[GET_WEATHER],
        seed=1,
    )
    assert answer.choices[0].message.content or answer.choices[0].message.tool_calls


MODELS = """
    gpt-4o-mini-2024-07-18 gpt-4o-mini gpt-4o gpt-4 gpt-4-turbo-2024-04-09 gpt-4-turbo gpt-3.5-turbo-1106 gpt-3.5-turbo-0613
    gpt-3.5-turbo gpt-3.5-turbo-0125 gpt-3.5-turbo-0301 gpt-3.5-turbo-instruct-0914 gpt-3.5-turbo-instruct
""".split()


@pytest.mark.parametrize("model", MODELS)
def test_every_model_for_texts_that_is_named_means_one(server, model):
    assert server.request("GET", f"/v1/models/{model}").json["id"] == MODEL
    reply = server.request("POST", "/v1/chat/completions", {"model": model, "messages": HELLO, "max_tokens": 1})
    assert reply.status == 200


# MARK: texts, vectors, models, the server


@pytest.mark.parametrize("path", ["/v1/completions", "/v1/text_completion", "/v1/engines/gpt-3.5-turbo-instruct/generate"])
def test_a_text_is_completed(server, path):
    reply = server.request("POST", path, CAKE)
    assert reply.status == 200 and reply.json["choices"][0]["text"]


def test_a_streamed_text_is_completed(server):
    # Further on, a draw may fall on the edge between two tokens, and guesses ahead change the last bits of its point.
    body = CAKE | {"max_tokens": 40}
    reply = server.request("POST", "/v1/completions", body | {"stream": True})
    events = [line[6:] for line in reply.body.decode().splitlines() if line.startswith("data: ")]
    assert events.pop() == "[DONE]"
    streamed = "".join(json.loads(event)["choices"][0]["text"] for event in events)
    assert streamed == server.request("POST", "/v1/completions", body).json["choices"][0]["text"]


@pytest.mark.parametrize("parameters", [{"use_samplers": False}, {"use_samplers": True, "top_k": 3}], ids=str)
def test_the_likeliest_tokens_are_told(server, parameters):
    body = {"prompt": "Who is best, Asuka or Rei? Answer:"} | parameters
    told = server.request("POST", "/v1/internal/logits", body).json
    assert all(isinstance(token, str) and 0 <= share <= 1 for token, share in told.items())
    assert len(told) == parameters.get("top_k", 50)


@pytest.mark.parametrize(
    ("body", "dimensions"),
    [
        ({"input": FOX, "model": "text-embedding-3-small"}, 384),
        ({"input": FOX, "model": "text-embedding-ada-002"}, 384),
        ({"input": "The quick brown fox", "model": "text-embedding-3-large", "dimensions": 256}, 256),
    ],
    ids=str,
)
def test_a_text_becomes_a_vector(server, body, dimensions):
    assert len(server.request("POST", "/v1/embeddings", body).json["data"][0]["embedding"]) == dimensions


def test_an_engine_embeds(server):
    reply = server.request("POST", "/v1/engines/text-embedding-ada-002/embeddings", {"input": FOX})
    assert reply.status == 200 and reply.json["model"] == "all-MiniLM-L6-v2"
    other = server.request("POST", "/v1/engines/text-embedding-ada-002/embeddings", {"input": FOX, "model": "x"})
    assert (other.status, other.error["param"]) == (400, "model")


@pytest.mark.parametrize("path", ["/models", "/v1/models"])
def test_models_are_listed(server, path):
    answer = server.request("GET", path).json
    assert answer["object"] == "list"
    for model in answer["data"]:
        assert {"id", "object", "created", "owned_by"} <= model.keys() and model["object"] == "model"


def test_models_come_in_pages(server):
    ids = [model["id"] for model in server.request("GET", "/v1/models").json["data"]]
    first = server.request("GET", "/v1/models?limit=1").json["data"]
    rest = server.request("GET", f"/v1/models?limit=100&after={first[0]['id']}").json["data"]
    assert [model["id"] for model in first + rest] == ids
    assert server.request("GET", f"/v1/models?after={ids[-1]}").json["data"] == []
    for query, param in [("after=model-id-123", "after"), ("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit")]:
        reply = server.request("GET", f"/v1/models?{query}")
        assert (reply.status, reply.error["param"]) == (400, param)


def test_the_server_tells_of_itself(server):
    about = server.request("GET", "/about").json
    assert about["name"] and about["version"] and about["description"]
    assert server.request("GET", "/health").json["status"] == "ok"


def test_an_unknown_model_has_the_error_that_is_printed(server):
    reply = server.request("POST", "/chat/completions", {"model": "gpt-99x", "messages": HELLO})
    error = reply.error
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", "model", "model_not_found")


@pytest.mark.parametrize("stream", [False, True])
def test_an_error_before_a_stream_is_a_plain_response(server, stream):
    body = {"model": "invalid-model", "messages": HELLO, "stream": stream}
    reply = server.request("POST", "/v1/chat/completions", body)
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.error["message"].startswith("The model `invalid-model` does not exist")


def test_a_key_that_is_no_more_valid_is_refused(guarded):
    for key, status in [(KEY, 200), ("sk-old-key-xxxxx", 401)]:
        reply = guarded.request("GET", "/v1/models", headers={"Authorization": f"Bearer {key}"})
        assert reply.status == status
    assert reply.error["code"] == "invalid_api_key"


# MARK: what is gone, and what is to come


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/assistants/asst_abc123", None),
        (
            "POST",
            "/v1/assistants",
            {
                "model": "gpt-4o",
                "name": "Math Tutor",
                "instructions": "You are a personal math tutor.",
                "tools": [{"type": "code_interpreter"}],
            },
        ),
        ("POST", "/v1/edits", {"input": "x", "instruction": "y"}),
    ],
)
def test_what_is_gone_says_what_to_use_instead(server, method, path, body):
    reply = server.request(method, path, body, {"OpenAI-Beta": "assistants=v2"})
    assert reply.status == 410 and "Please use /v1/" in reply.error["message"]


IMAGE = {"model": "dall-e-3", "prompt": "A serene landscape of mountains during sunset.", "n": 1, "size": "1024x1024"}
PLANNED = [
    ("POST", "/images/generations", IMAGE | {"response_format": "url", "quality": "hd"}),
    ("POST", "/v1/images/generations", IMAGE | {"quality": "hd", "style": "vivid"}),
    ("POST", "/v1/images/edits", {}),
    ("POST", "/v1/images/variations", {}),
    ("GET", "/v1/files?limit=100&after=file_abc123", None),
    ("GET", "/v1/files/file_abc123", None),
    ("GET", "/v1/files/file_abc123/content", None),
    ("DELETE", "/v1/files/file_abc123", None),
    ("GET", "/v1/batches/batch_abc123", None),
    ("POST", "/v1/batches", {"input_file_id": "file_abc123"}),
    ("GET", "/v1/fine_tuning/jobs/ftjob-abc123", None),
    ("POST", "/v1/fine_tuning/jobs", {"model": "gpt-3.5-turbo", "training_file": "file_abc123"}),
    ("GET", "/v1/fine-tunes", None),
    ("GET", "/v1/chat/completions/chatcmpl-abc123", None),
    ("GET", "/v1/organization/admin_api_keys", None),
    ("GET", "/v1/organization/admin_api_keys/key_abc", None),
    ("POST", "/v1/vector_stores", {"name": "x"}),
    ("POST", "/v1/search", {"query": "x"}),
    ("POST", "/v1/engines/davinci/search", {"query": "x"}),
]


@pytest.mark.parametrize(("method", "path", "body"), PLANNED, ids=lambda value: value if isinstance(value, str) else None)
def test_what_is_to_come_says_so(server, method, path, body):
    headers = {"OpenAI-Organization": "org-abcdef1234567890", "OpenAI-Project": "proj-1234567890"}
    reply = server.request(method, path, body, headers)
    assert reply.status == 501
    error = reply.error
    assert (error["type"], error["param"], error["code"]) == ("server_error", None, "not_implemented")
    assert "does not have" in error["message"] and method in error["message"]


def test_the_official_client_does_not_try_again_for_what_is_to_come(connect, server):
    tries = []
    http_client = openai.DefaultHttpxClient(event_hooks={"response": [tries.append]})
    client = connect(server, max_retries=3, http_client=http_client)
    with pytest.raises(openai.InternalServerError) as refusal:
        client.images.generate(model="dall-e-3", prompt="A white cat")
    assert refusal.value.status_code == 501 and len(tries) == 1


# MARK: examples that can't hold: docs/compatibility.md says why


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (
            ask(
                [
                    {"type": "text", "text": "What is in this image?"},
                    {"type": "image_url", "image_url": {"url": "https://example.com/image.jpg"}},
                ],
                model="gpt-4o",
            ),
            "messages[0].content[1].image_url.url",
        ),
        (ask("Calculate the sum of 1 to 100", model="gpt-4o", tools=[{"type": "code_interpreter"}]), "tools[0].type"),
    ],
    ids=["image at an address", "code interpreter"],
)
def test_what_can_not_be_is_refused_by_name(server, body, param):
    reply = server.request("POST", "/v1/chat/completions", body)
    assert (reply.status, reply.error["param"]) == (400, param)


def test_a_script_that_takes_every_event_for_json_stops_at_the_last(server):
    with server.stream("/v1/chat/completions", **ask("Hello!", max_tokens=2)) as stream:
        assert list(stream) and stream.is_done
    with pytest.raises(ValueError):
        json.loads("[DONE]")


def test_a_script_that_takes_every_chunk_for_a_choice_stops_at_the_last(client):
    stream = client.chat.completions.create(
        model="gpt-4o", messages=[message("Hello")], max_tokens=2, stream=True, stream_options={"include_usage": True}
    )
    with pytest.raises(IndexError):
        for chunk in stream:
            assert chunk.choices[0].delta is not None
