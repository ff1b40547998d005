"""LangChain's standard tests of chat models."""

import openai
import pytest
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests

from support import DEADLINE, MODEL


# One loop for all: the client is made once and kept. The mark does nothing for tests that are not asynchronous.
@pytest.mark.asyncio(loop_scope="class")
@pytest.mark.filterwarnings("ignore:.*asyncio.*not an async function")
class TestChatModel(ChatModelIntegrationTests):
    @pytest.fixture(scope="class", autouse=True)
    def address(self, request, server):
        request.cls.url = f"{server.url}/v1"

    @property
    def chat_model_class(self):
        return ChatOpenAI

    @property
    def chat_model_params(self):
        return {
            "model": MODEL,
            "base_url": self.url,
            "api_key": "unused",
            "timeout": DEADLINE,
            "max_retries": 0,
            "max_tokens": 32,
            "temperature": 0,
            "stream_usage": True,
            # LangChain keeps one for all models, whose connections belong to a loop that may be closed by now.
            "http_async_client": openai.DefaultAsyncHttpxClient(),
        }

    # Tools and structured output are not built yet.
    @property
    def has_tool_calling(self):
        return False

    @property
    def has_structured_output(self):
        return False
