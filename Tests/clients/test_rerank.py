"""Reranking: by the similarity of embeddings where no reranker is installed, by a reranker's scores where one is."""

import json

import pytest

from support import MODEL, ROOT

QUERY = "How do I bake bread?"
DOCUMENTS = [
    "The stock market fell on Monday.",
    "Mix flour, water, salt and yeast, and bake the dough for forty minutes.",
    "A bakery opened in our street.",
]
EMBEDDER = "all-MiniLM-L6-v2"


def ask(server, path="/v1/rerank", **parameters):
    return server.request("POST", path, {"query": QUERY, "documents": DOCUMENTS} | parameters)


@pytest.mark.parametrize("path", ["/v1/rerank", "/rerank", "/v1/reranking", "/reranking", "/v2/rerank"])
def test_documents_come_in_the_order_of_their_scores(server, path):
    answer = ask(server, path).json
    assert answer["object"] == "list" and answer["model"] == EMBEDDER
    results = answer["results"]
    assert [entry["index"] for entry in results] == [1, 2, 0]
    scores = [entry["relevance_score"] for entry in results]
    assert scores == sorted(scores, reverse=True) and 1 > scores[0] > 0.5 > scores[2]
    assert all("document" not in entry for entry in results)
    assert answer["usage"]["total_tokens"] == answer["meta"]["tokens"]["input_tokens"] > 20


def test_it_says_that_similarity_stands_in_for_a_reranker(server):
    answer = ask(server).json
    assert "similarity" in answer["note"] and answer["meta"]["warnings"] == [answer["note"]]


def test_the_best_are_told_with_their_texts(server):
    documents = [{"text": text} for text in DOCUMENTS]
    answer = ask(server, documents=documents, top_n=2, return_documents=True, model="jina-reranker-v2-base").json
    assert [(entry["index"], entry["document"]["text"]) for entry in answer["results"]] == [
        (1, DOCUMENTS[1]), (2, DOCUMENTS[2]),
    ]
    assert len(ask(server, top_n=50).json["results"]) == 3


def test_long_documents_are_cut_where_asked(server):
    long = ["bread " * 600]
    reply = ask(server, documents=long)
    assert reply.status == 400 and reply.error["param"] == "documents[0]"
    assert "512" in reply.error["message"] and "602" in reply.error["message"]
    assert ask(server, documents=long, max_tokens_per_doc=400).status == 200


@pytest.mark.parametrize(
    ("parameters", "param"),
    [
        ({"query": ""}, "query"),
        ({"query": 5}, "query"),
        ({"documents": []}, "documents"),
        ({"documents": "text"}, "documents"),
        ({"documents": ["a", ""]}, "documents[1]"),
        ({"documents": ["a", {"title": "b"}]}, "documents[1].text"),
        ({"documents": ["a"] * 2049}, "documents"),
        ({"top_n": 0}, "top_n"),
        ({"rank_fields": ["title"]}, "rank_fields"),
        ({"max_chunks_per_doc": 3}, "max_chunks_per_doc"),
        ({"model": MODEL}, "model"),
    ],
    ids=json.dumps,
)
def test_it_is_refused(server, parameters, param):
    reply = ask(server, **parameters)
    assert reply.status == 400 and reply.error["param"] == param, reply


def test_without_other_names_an_unknown_model_is_not_found(single):
    assert ask(single, model="jina-reranker-v2-base").status == 404
    assert ask(single, model=EMBEDDER).status == 200


@pytest.fixture(scope="module")
def ranker(launch, tmp_path_factory):
    """A server with the tiny reranker of the Swift tests, beside the model that embeds."""
    folder = tmp_path_factory.mktemp("models")
    for file in (ROOT / "models" / f"{EMBEDDER}.F16.gguf", ROOT / "Tests/LlamaTests/Models/tiny-rerank.gguf"):
        (folder / file.name).symlink_to(file.resolve())
    return launch("--models-dir", folder)


def test_a_reranker_gives_its_own_scores(ranker):
    expected = json.loads((ROOT / "Tests/LlamaTests/Models/tiny-rerank.json").read_text())
    documents = [pair["document"] for pair in expected["pairs"]]
    answer = ask(ranker, query=expected["query"], documents=documents).json
    assert answer["model"] == "tiny-rerank" and "note" not in answer
    scores = {entry["index"]: entry["relevance_score"] for entry in answer["results"]}
    for index, pair in enumerate(expected["pairs"]):
        assert abs(scores[index] - pair["score"]) < 1e-3
    order = sorted(range(len(documents)), key=lambda index: -expected["pairs"][index]["score"])
    assert [entry["index"] for entry in answer["results"]] == order


def test_a_reranker_does_not_embed(ranker):
    reply = ranker.request("POST", "/v1/embeddings", {"input": "a", "model": "tiny-rerank"})
    assert reply.status == 400 and reply.error["code"] == "unsupported_model" and "/v1/rerank" in reply.error["message"]
    # Asked for by its name, the other one ranks too.
    assert "note" in ask(ranker, model=f"{EMBEDDER}.F16").json
