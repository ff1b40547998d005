// Which parameters do nothing yet, and what is done about each: the place to strike one out when it is built.

extension DormantParameter {
    /// Those of both completions endpoints.
    private static let shared: [DormantParameter] = [
        // About the caller, the bill, or speed: without effect on the answer.
        .accepts("user", StringShape()),
        .accepts("safety_identifier", StringShape(maximumLength: 64)),
        .accepts("prompt_cache_key", StringShape()),
        .accepts("cache_prompt", BooleanShape()),

        // llama.cpp's.
        .refuses("n_keep", except: [0]),
        .refuses("id_slot", except: [-1]),
        .refuses("lora", except: [[]]),
    ]

    /// Those of chat completions.
    static let chat: [DormantParameter] =
        shared + [
            .accepts(
                "metadata",
                MapShape(element: StringShape(maximumLength: 512), maximumCount: 16, maximumKeyLength: 64)
            ),
            .accepts("prompt_cache_retention", ChoiceShape<CacheRetention>()),
            .accepts("prompt_cache_options", MapShape(element: AnyShape())),
            .refuses("store", except: [false]),
            .refuses("web_search_options"),
            .refuses("moderation"),

            // llama.cpp's.
            .refuses("response_fields", except: [[]]),
            .refuses("thinking_forced_open", except: [false]),
            .refuses("parse_tool_calls", except: [true]),

            // text-generation-webui's.
            .refuses("chat_template_str"),
        ]

    /// Those of text completions.
    static let completions: [DormantParameter] = llama + [.refuses("response_fields", except: [[]])]

    /// Those of llama-server's completions.
    static let llama: [DormantParameter] = shared
}

/// How long OpenAI keeps a cached prompt; here it stays as long as there is room.
private enum CacheRetention: String, CaseIterable {
    case inMemory = "in_memory"
    case inMemoryWithHyphen = "in-memory"
    case day = "24h"
}
