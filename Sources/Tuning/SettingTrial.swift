internal import Foundation
internal import Llama

/// A setting that is tried in place of the current one.
struct SettingTrial {
    let name: String
    let value: String
    /// Whether the output may differ by more than the last bits.
    var changesOutput = false
    let change: (Settings) -> Settings
    /// What counts for this setting: the speeds with it over those without.
    let gain: (Speeds, Speeds) -> Double

    /// All that are worth a try, in this order.
    ///
    /// - Parameters:
    ///   - threads: How many compute so far, which is what mathematics runs best on in theory.
    ///   - model: The chosen model.
    /// - Returns: The trials, each to be made with what the ones before left.
    static func all(threads: Int, model: LlamaModel.Information) -> [Self] {
        let fewer = Set([threads / 2, threads - 1]).filter { $0 >= 1 && $0 < threads }.sorted(by: >)
        var trials = fewer.flatMap { count in
            [
                Self(name: "threads for one token", value: "\(count)", change: { $0.with { $0.threads = count } }) {
                    $0.decode1 / $1.decode1
                },
                Self(name: "threads for several", value: "\(count)", change: { $0.with { $0.batchThreads = count } }) {
                    sqrt($0.prompt / $1.prompt * $0.decode4 / $1.decode4)
                },
            ]
        }
        trials.append(
            // Where llama.cpp decides, it takes it if it can.
            Self(name: "flash attention", value: "off", change: { $0.with { $0.flashAttention = .off } }) {
                $0.gain(over: $1)
            }
        )
        if model.cacheBytesPerToken > 0 {
            trials.append(
                Self(
                    name: "keys and values",
                    value: "q8_0",
                    changesOutput: true,
                    change: {
                        $0.with {
                            $0.keyType = .q8_0
                            $0.valueType = .q8_0
                            $0.flashAttention = .automatic
                        }
                    },
                    gain: { $0.gain(over: $1) }
                )
            )
            trials.append(
                Self(name: "KV cache", value: "unified", change: { $0.with { $0.isUnified = true } }) {
                    $0.decode16 / $1.decode16
                }
            )
        }
        if LlamaRuntime.hasBLAS {
            trials.append(
                Self(
                    name: "BLAS",
                    value: "on",
                    changesOutput: true,
                    change: { $0.with { $0.usesBLAS = true } },
                    gain: { $0.gain(over: $1) }
                )
            )
        }
        return trials
    }
}

extension Settings {
    fileprivate func with(_ change: (inout Self) -> Void) -> Self {
        var settings = self
        change(&settings)
        return settings
    }
}
