import Testing
import WireFormat

@Suite("Generation parameters that are refused")
struct GenerationRefusalTests {
    static let types: [Refusal] = [
        .value(
            "model",
            "1",
            "invalid_type",
            "Invalid type for 'model': expected a string, but got an integer instead."
        ),
        .value(
            "temperature",
            #""hot""#,
            "invalid_type",
            "Invalid type for 'temperature': expected a decimal, but got a string instead."
        ),
        .value(
            "top_p",
            "true",
            "invalid_type",
            "Invalid type for 'top_p': expected a decimal, but got a boolean instead."
        ),
        .value(
            "top_k",
            "[1]",
            "invalid_type",
            "Invalid type for 'top_k': expected an integer, but got an array instead."
        ),
        .value(
            "min_p",
            "{}",
            "invalid_type",
            "Invalid type for 'min_p': expected a decimal, but got an object instead."
        ),
        .value(
            "n",
            "1.5",
            "invalid_type",
            "Invalid type for 'n': expected an integer, but got a decimal number instead."
        ),
        .value(
            "service_tier",
            "true",
            "invalid_type",
            "Invalid type for 'service_tier': expected a string, but got a boolean instead."
        ),
        .value(
            "service_tier",
            #""gold""#,
            "invalid_value",
            "Invalid value: 'gold'. Supported values are: "
                + "'auto', 'default', 'flex', 'scale', 'priority', and 'fast'."
        ),
        .value("n", #""1""#, "invalid_type", "Invalid type for 'n': expected an integer, but got a string instead."),
        .value(
            "seed",
            "0.5",
            "invalid_type",
            "Invalid type for 'seed': expected an integer, but got a decimal number instead."
        ),
        .value(
            "stream",
            "1",
            "invalid_type",
            "Invalid type for 'stream': expected a boolean, but got an integer instead."
        ),
        .value(
            "ignore_eos",
            #""yes""#,
            "invalid_type",
            "Invalid type for 'ignore_eos': expected a boolean, but got a string instead."
        ),
        .value(
            "stop",
            "1",
            "invalid_type",
            "Invalid type for 'stop': expected one of a string or array of strings, but got an integer instead."
        ),
        .value(
            "stop",
            #"["a",null]"#,
            "invalid_type",
            "Invalid type for 'stop[1]': expected a string, but got null instead.",
            param: "stop[1]"
        ),
        .value(
            "logit_bias",
            "[]",
            "invalid_type",
            "Invalid type for 'logit_bias': expected an object, but got an array instead."
        ),
        .value(
            "logit_bias",
            #"{"5":"x"}"#,
            "invalid_type",
            "Invalid type for 'logit_bias.5': expected a decimal, but got a string instead.",
            param: "logit_bias.5"
        ),
        .value("user", "7", "invalid_type", "Invalid type for 'user': expected a string, but got an integer instead."),
        .value(
            "cache_prompt",
            "0",
            "invalid_type",
            "Invalid type for 'cache_prompt': expected a boolean, but got an integer instead."
        ),
    ]

    static let ranges: [Refusal] = [
        .value(
            "temperature",
            "3",
            "decimal_above_max_value",
            "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead."
        ),
        .value(
            "temperature",
            "-0.1",
            "decimal_below_min_value",
            "Invalid 'temperature': decimal below minimum value. Expected a value >= 0, but got -0.1 instead."
        ),
        .value(
            "temperature",
            "1e300",
            "decimal_above_max_value",
            "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 1e+300 instead."
        ),
        .value(
            "top_p",
            "-0.5",
            "decimal_below_min_value",
            "Invalid 'top_p': decimal below minimum value. Expected a value >= 0, but got -0.5 instead."
        ),
        .value(
            "top_p",
            "1.01",
            "decimal_above_max_value",
            "Invalid 'top_p': decimal above maximum value. Expected a value <= 1, but got 1.01 instead."
        ),
        .value(
            "top_k",
            "-2",
            "integer_below_min_value",
            "Invalid 'top_k': integer below minimum value. Expected a value >= -1, but got -2 instead."
        ),
        .value(
            "min_p",
            "1.5",
            "decimal_above_max_value",
            "Invalid 'min_p': decimal above maximum value. Expected a value <= 1, but got 1.5 instead."
        ),
        .value(
            "presence_penalty",
            "-2.5",
            "decimal_below_min_value",
            "Invalid 'presence_penalty': decimal below minimum value. Expected a value >= -2, but got -2.5 instead."
        ),
        .value(
            "frequency_penalty",
            "9223372036854775807",
            "decimal_above_max_value",
            "Invalid 'frequency_penalty': decimal above maximum value. Expected a value <= 2, "
                + "but got 9223372036854775807 instead."
        ),
        .value(
            "n",
            "0",
            "integer_below_min_value",
            "Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead."
        ),
        .value(
            "n",
            "129",
            "integer_above_max_value",
            "Invalid 'n': integer above maximum value. Expected a value <= 128, but got 129 instead."
        ),
        .value(
            "n",
            "1e30",
            "integer_above_max_value",
            "Invalid 'n': integer above maximum value. Expected a value <= 128, but got 1e+30 instead."
        ),
        .value(
            "n",
            "-1e30",
            "integer_below_min_value",
            "Invalid 'n': integer below minimum value. Expected a value >= 1, but got -1e+30 instead."
        ),
        .value(
            "max_tokens",
            "9223372036854775807",
            "integer_above_max_value",
            "Invalid 'max_tokens': integer above maximum value. Expected a value <= 2147483647, "
                + "but got 9223372036854775807 instead."
        ),
        .value(
            "seed",
            "9223372036854775808.0",
            "integer_above_max_value",
            "Invalid 'seed': integer above maximum value. Expected a value <= 9223372036854775807, "
                + "but got 9.223372036854776e+18 instead."
        ),
    ]

    static let collections: [Refusal] = [
        .value(
            "stop",
            #""""#,
            "empty_string",
            "Invalid 'stop': empty string. Expected a string with minimum length 1, but got an empty string instead."
        ),
        .value(
            "stop",
            #"["a",""]"#,
            "empty_string",
            "Invalid 'stop[1]': empty string. Expected a string with minimum length 1, but got an empty string instead.",
            param: "stop[1]"
        ),
        .value(
            "stop",
            "[" + Array(repeating: #""a""#, count: 17).joined(separator: ",") + "]",
            "array_above_max_length",
            "Invalid 'stop': array too long. Expected an array with maximum length 16, "
                + "but got an array with length 17 instead."
        ),
        .value(
            "stop",
            "\"" + String(repeating: "é", count: 1_001) + "\"",
            "string_above_max_length",
            "Invalid 'stop': string too long. Expected a string with maximum length 1000, "
                + "but got a string with length 1001 instead."
        ),
        .value(
            "safety_identifier",
            "\"" + String(repeating: "a", count: 65) + "\"",
            "string_above_max_length",
            "Invalid 'safety_identifier': string too long. Expected a string with maximum length 64, "
                + "but got a string with length 65 instead."
        ),
        .value(
            "logit_bias",
            #"{"5":100.5}"#,
            "decimal_above_max_value",
            "Invalid 'logit_bias.5': decimal above maximum value. Expected a value <= 100, but got 100.5 instead.",
            param: "logit_bias.5"
        ),
        .value(
            "logit_bias",
            "{" + (0...1_024).map { "\"\($0)\":1" }.joined(separator: ",") + "}",
            "object_above_max_properties",
            "Invalid 'logit_bias': too many properties. Expected an object with at most 1024 properties, "
                + "but got an object with 1025 properties instead."
        ),
        .value(
            "stream_options",
            #"{"include_usage":true}"#,
            "invalid_value",
            "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        ),
        .value(
            "stream_options",
            #"{"include_usage":1}"#,
            "invalid_type",
            "Invalid type for 'stream_options.include_usage': expected a boolean, but got an integer instead.",
            param: "stream_options.include_usage"
        ),
        .value(
            "stream_options",
            #"{"usage":true}"#,
            "unknown_parameter",
            "Unknown parameter: 'stream_options.usage'.",
            param: "stream_options.usage"
        ),
    ]

    @Test("wrong types, ranges and lengths are named in chat requests", arguments: types + ranges + collections)
    func chat(refusal: Refusal) {
        refusal.inside(chatStart).check(ChatRequest.self)
    }

    @Test("wrong types, ranges and lengths are named in completion requests", arguments: types + ranges + collections)
    func completion(refusal: Refusal) {
        refusal.inside(completionStart).check(CompletionRequest.self)
    }

    @Test(
        "keys of logit_bias are token ids in their one spelling",
        arguments: ["a", "-1", "01", "+1", " 1", "1.0", "", "2147483648"]
    )
    func logitBiasKeys(key: String) {
        Refusal.value(
            "logit_bias",
            "{\"\(key)\":1}",
            "invalid_value",
            "Invalid key in 'logit_bias': \(key). You should only be submitting token ids, "
                + "which are non-negative integers."
        ).inside(chatStart).check(ChatRequest.self)
    }
}
