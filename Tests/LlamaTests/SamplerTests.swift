import CLlama
import CLlamaReference
import Testing

@Suite("Samplers")
struct SamplerTests {
    private static let kinds: [OptionsChange] = [
        { $0.temperature = 0 },
        { _ in },
        { $0.top_k = 40 },
        { $0.top_p = 0.95 },
        { $0.min_p = 0.05 },
        {
            $0.presence_penalty = 0.5
            $0.top_k = 300
        },
    ]

    private func answer(_ options: cl_sampler_options, _ count: Int = 24) throws -> [Int32] {
        let sampler = try NativeSampler(options)
        return try (0..<count).map { try sampler.choose(RealLogits.rows[$0 % RealLogits.rows.count]).token }
    }

    @Test("the same seed and logits give the same tokens, another seed others")
    func seeds() throws {
        for kind in Self.kinds.dropFirst() {
            let first = try answer(samplerOptions(seed: 5, kind))
            #expect(try answer(samplerOptions(seed: 5, kind)) == first)
            #expect(try answer(samplerOptions(seed: 6, kind)) != first)
        }
        // llama.cpp's sampler takes this one for "any".
        let last = samplerOptions(seed: .max)
        #expect(try answer(last) == answer(last))
    }

    @Test("neither the other sequences of a step nor the threads change a token")
    func independence() throws {
        // Enough for the threads to be used.
        let options = (0..<60).map { samplerOptions(seed: UInt32($0), Self.kinds[$0 % Self.kinds.count]) }
        func answers(threads: Int) throws -> [[Int32]] {
            let samplers = try options.map { try NativeSampler($0) }
            return try (0..<5).map { step in
                let rows = samplers.indices.map { RealLogits.rows[($0 + step) % RealLogits.rows.count] }
                return try NativeSampler.chooseAll(samplers, rows, threads: threads)
            }
        }
        let expected = try answers(threads: 1)
        #expect(try answers(threads: 2) == expected)
        #expect(try answers(threads: 3) == expected)
        for place in stride(from: 0, to: options.count, by: 7) {
            let alone = try NativeSampler(options[place])
            for step in expected.indices {
                let row = RealLogits.rows[(place + step) % RealLogits.rows.count]
                #expect(try alone.choose(row).token == expected[step][place])
            }
        }
    }

    @Test("each choice takes one random number, whatever else is asked for")
    func oneNumber() throws {
        // The same numbers lead to the same tokens where truncation takes nothing away.
        let plain = try answer(samplerOptions())
        let size = Int32(RealLogits.size)
        #expect(try answer(samplerOptions { $0.top_k = size }) == plain)
        #expect(try answer(samplerOptions { $0.top_k = .max }) == plain)
        #expect(try answer(samplerOptions { $0.top_p = 2 }) == plain)
        #expect(try answer(samplerOptions { $0.top_k = size - 1 }) == plain)
        #expect(try answer(samplerOptions { $0.top_p = 1 - .ulpOfOne / 2 }) == plain)
        #expect(try answer(samplerOptions { $0.min_p = .leastNormalMagnitude }) == plain)
        // And where there was no choice.
        let sampler = try NativeSampler(samplerOptions())
        try sampler.remember(7)
        let later = try (1..<24).map { try sampler.choose(RealLogits.rows[$0 % RealLogits.rows.count]).token }
        #expect(later == Array(plain.dropFirst()))
    }

    @Test("top-k 1, top-p 0, min-p 1 and tiny temperatures choose the likeliest token")
    func narrow() throws {
        let greedy = try answer(samplerOptions { $0.temperature = 0 })
        for (place, token) in greedy.enumerated() {
            let row = RealLogits.rows[place % RealLogits.rows.count]
            #expect(Int(token) == row.indices.max { row[$0] < row[$1] })
        }
        #expect(try answer(samplerOptions { $0.top_k = 1 }) == greedy)
        #expect(try answer(samplerOptions { $0.top_p = 0 }) == greedy)
        #expect(try answer(samplerOptions { $0.min_p = 1 }) == greedy)
        #expect(try answer(samplerOptions { $0.min_p = 3 }) == greedy)
        #expect(try answer(samplerOptions { $0.temperature = 1e-4 }) == greedy)
        #expect(try answer(samplerOptions { $0.temperature = .leastNonzeroMagnitude }) == greedy)
        #expect(try answer(samplerOptions { $0.temperature = -1 }) == greedy)
    }

    @Test("of equal logits the first is the likeliest, and truncation cuts the last", arguments: [5, 128, 300, 49_152])
    func ties(length: Int) throws {
        var row = [Float](repeating: -4, count: length)
        let likeliest = [length / 3, length - 2, length - 1]
        for place in likeliest { row[place] = 2.5 }
        let greedy = samplerOptions { $0.temperature = 0 }
        #expect(try NativeSampler(greedy).choose(row).token == likeliest[0])
        #expect(try ReferenceChain(greedy, vocabularySize: length).choose(row) == likeliest[0])
        let truncations: [OptionsChange] = [{ $0.top_k = 2 }, { $0.top_p = 0.5 }]
        for truncation in truncations {
            let sampler = try NativeSampler(
                samplerOptions {
                    truncation(&$0)
                    // Drowns the others.
                    $0.temperature = 0.1
                }
            )
            // With top-p the many others weigh as much as the equals in a long row.
            guard length <= 300 else { continue }
            let chosen = Set(try (0..<60).map { _ in try sampler.choose(row).token })
            #expect(chosen == Set(likeliest.prefix(2).map(Int32.init)))
        }
    }

    @Test("a row without a number gives no token, and the others of the step theirs", arguments: 0..<6)
    func nothingToChoose(kind: Int) throws {
        let good = RealLogits.rows[0]
        let rows: [[Float]] = [
            good,
            .init(repeating: -.infinity, count: good.count),
            good,
            .init(repeating: .nan, count: good.count),
            .init(repeating: -.nan, count: good.count),
        ]
        let samplers = try rows.indices.map { _ in try NativeSampler(samplerOptions(Self.kinds[kind])) }
        let tokens = try NativeSampler.chooseAll(samplers, rows, threads: 2)
        let alone = try NativeSampler(samplerOptions(Self.kinds[kind])).choose(good).token
        #expect(alone >= 0)
        #expect(tokens == [alone, -1, alone, -1, -1])
    }

    @Test("NaN and -inf are never chosen, and change nothing for the other tokens", arguments: 0..<6)
    func notNumbers(kind: Int) throws {
        let options = samplerOptions(Self.kinds[kind])
        for row in RealLogits.rows {
            let likeliest = row.indices.max { row[$0] < row[$1] } ?? 0
            var holed = row
            var cut = row
            for token in row.indices where token % 3 == 0 || token == likeliest {
                holed[token] = .nan
                cut[token] = -.infinity
            }
            let token = try NativeSampler(options).choose(holed).token
            #expect(holed[Int(token)].isFinite)
            #expect(try NativeSampler(options).choose(cut).token == token)
        }
    }

    @Test("an infinite logit is chosen, the first of several")
    func infinite() throws {
        var row = RealLogits.rows[0]
        row[40_000] = .infinity
        row[40_001] = .infinity
        for kind in Self.kinds { #expect(try NativeSampler(samplerOptions(kind)).choose(row).token == 40_000) }
    }

    @Test("the end of a generation is told, and never chosen where it is ignored")
    func end() throws {
        let end = RealLogits.information.eos
        var row = RealLogits.rows[0]
        row[Int(end)] = 100
        for kind in Self.kinds {
            let sample = try NativeSampler(samplerOptions(kind)).choose(row)
            #expect(sample.token == end && sample.ends_generation)
            let other = try NativeSampler(
                samplerOptions {
                    kind(&$0)
                    $0.ignores_end = true
                }
            ).choose(row)
            #expect(other.token >= 0 && other.token != end && !other.ends_generation)
        }
    }

    @Test("numbers that are none are refused, and so is a row that comes twice")
    func refusals() throws {
        let fields: [WritableKeyPath<cl_sampler_options, Float>] = [
            \.temperature, \.top_p, \.min_p, \.presence_penalty, \.frequency_penalty,
        ]
        for field in fields {
            for number in [Float.nan, .infinity] {
                var handle: OpaquePointer?
                let options = samplerOptions { $0[keyPath: field] = number }
                #expect(cl_sampler_create(RealLogits.vocabulary, options, &handle) == .CL_INVALID_ARGUMENT)
            }
        }
        var row = RealLogits.rows[0]
        let samplers = try (0..<2).map { _ in try NativeSampler(samplerOptions()) }
        row.withUnsafeMutableBufferPointer { row in
            var samples = [cl_sample](repeating: cl_sample(), count: 2)
            let handles = samplers.map { Optional($0.handle) }
            let rows = [row.baseAddress, row.baseAddress]
            #expect(cl_sampler_choose_all(handles, rows, row.count, 2, 1, &samples) == .CL_INVALID_ARGUMENT)
            let twice = [handles[0], handles[0]]
            let halves = [row.baseAddress, row.baseAddress.map { $0 + 1000 }]
            #expect(cl_sampler_choose_all(twice, halves, 1000, 2, 1, &samples) == .CL_INVALID_ARGUMENT)
            #expect(cl_sampler_choose_all(handles, halves, 0, 2, 1, &samples) == .CL_INVALID_ARGUMENT)
        }
    }
}
