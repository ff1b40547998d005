import Testing
import WireFormat

@Suite("Prometheus's text")
struct MetricsTextTests {
    @Test("counters and gauges are families with their help and type")
    func families() {
        var text = MetricsText()
        text.counter("tokens_total", "All tokens.", [([("model", "a")], 3), ([("model", "b")], 0)])
        text.gauge("memory_bytes", "Of the process.", [([], 12)])
        #expect(
            text.text == """
                # HELP tokens_total All tokens.
                # TYPE tokens_total counter
                tokens_total{model="a"} 3
                tokens_total{model="b"} 0
                # HELP memory_bytes Of the process.
                # TYPE memory_bytes gauge
                memory_bytes 12

                """
        )
    }

    @Test("a histogram's buckets add up, and the last one holds everything")
    func histogram() {
        var text = MetricsText()
        text.histogram("step_seconds", "Steps.", [([("model", "a")], [0.005, 1], [2, 0, 1], 3.25)])
        #expect(
            text.text == """
                # HELP step_seconds Steps.
                # TYPE step_seconds histogram
                step_seconds_bucket{model="a",le="0.005"} 2
                step_seconds_bucket{model="a",le="1"} 2
                step_seconds_bucket{model="a",le="+Inf"} 3
                step_seconds_sum{model="a"} 3.25
                step_seconds_count{model="a"} 3

                """
        )
    }

    @Test("names of models can hold anything")
    func escapes() {
        var text = MetricsText()
        text.gauge("x", "a \\ b\nc \"d\"", [([("model", "a\"b\\c\nd")], 1)])
        #expect(text.text == "# HELP x a \\\\ b\\nc \"d\"\n# TYPE x gauge\nx{model=\"a\\\"b\\\\c\\nd\"} 1\n")
    }
}
