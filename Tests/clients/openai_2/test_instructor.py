"""Instructor over the official client."""

import instructor
import openai
import pytest

from support import MODEL, message


@pytest.fixture(scope="module")
def extracting(server, connect):
    return instructor.from_openai(connect(server, _strict_response_validation=False), mode=instructor.Mode.TOOLS)


def test_without_a_model_of_the_answer_it_is_plain_text(extracting):
    answer = extracting.chat.completions.create(
        model=MODEL, messages=[message()], max_tokens=16, temperature=0, response_model=None
    )
    assert answer.choices[0].message.content.strip()


def test_without_a_model_of_the_answer_it_is_streamed(extracting):
    chunks = extracting.chat.completions.create(
        model=MODEL, messages=[message()], max_tokens=16, temperature=0, response_model=None, stream=True
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks).strip()


def test_a_refusal_reaches_the_caller(extracting):
    with pytest.raises(openai.NotFoundError):
        extracting.chat.completions.create(model="no-such-model", messages=[message()], response_model=None)
