"use strict";
// Shows openapi.json, and sends requests as it says they may be. Everything is set as text, nothing as markup.

/** An element with properties and children. */
function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children.filter(child => child !== null));
    return made;
}

/** What a schema says, in a few words. */
function describe(schema) {
    if (schema.anyOf) return [...new Set(schema.anyOf.map(describe))].join(" or ");
    if (schema.enum) return schema.enum.map(value => JSON.stringify(value)).join(", ");
    const types = [schema.type ?? "anything"].flat();
    const words = types.map(type => type === "array" ? `array of (${describe(schema.items ?? {})})` : type);
    let text = words.join(" or ");
    if (schema.minimum !== undefined || schema.maximum !== undefined) {
        text += ` ${schema.minimum ?? ""}…${schema.maximum ?? ""}`;
    }
    if (schema.maxLength !== undefined) text += `, at most ${schema.maxLength} characters`;
    if (schema.maxItems !== undefined) text += `, at most ${schema.maxItems}`;
    return text;
}

/** A small value that a schema allows. */
function example(schema) {
    if (schema.enum) return schema.enum[0];
    if (schema.anyOf) return example(schema.anyOf[0]);
    switch ([schema.type].flat()[0]) {
        case "boolean": return false;
        case "integer": case "number": return Math.max(0, schema.minimum ?? 0);
        case "string": return "Hello!";
        case "array": return Array(Math.max(1, schema.minItems ?? 0)).fill(0).map(() => example(schema.items ?? {}));
        case "object": {
            const names = (schema.required ?? []).filter(name => schema.properties?.[name]);
            return Object.fromEntries(names.map(name => [name, example(schema.properties[name])]));
        }
        default: return null;
    }
}

/** A small body that an endpoint answers: what it requires, what is asked, and a model that is there. */
function exampleBody(schema, model) {
    const body = example(schema);
    const asked = ["messages", "input", "prompt"].find(name => schema.properties?.[name]);
    if (asked && !(asked in body)) body[asked] = example(schema.properties[asked]);
    if ("model" in body) body.model = model;
    return body;
}

const support = { "no effect": "accepted, without effect here", refused: "not supported" };

/** The parameters of a body as a table; alternatives one after another. */
function parameterTable(schema) {
    const alternatives = schema.anyOf ?? [schema];
    const rows = alternatives.flatMap(({ properties = {}, required = [] }) =>
        Object.entries(properties).map(([name, property]) => element("tr", {},
            element("td", {}, element("code", { textContent: name })),
            element("td", { textContent: describe(property) }),
            element("td", { className: "quiet", textContent: required.includes(name) ? "required"
                : support[property["x-support"]] ?? "" }))));
    if (rows.length === 0) return null;
    const head = element("tr", {}, ...["Parameter", "Values", ""].map(text =>
        element("th", { scope: "col", textContent: text })));
    return element("div", { className: "table" }, element("table", {},
        element("thead", {}, head), element("tbody", {}, ...rows)));
}

/** Everything about one operation; made when it is opened. */
function operationBody(base, method, path, operation, model) {
    const fields = (operation.parameters ?? []).map(parameter => {
        const input = element("input", { placeholder: parameter.description ?? "" });
        return { parameter, input, label: element("label", {}, parameter.name, input) };
    });
    const [[type, { schema } = {}] = []] = Object.entries(operation.requestBody?.content ?? {});
    const parts = type === "multipart/form-data" ? Object.entries(schema.properties).map(([name, { format }]) => {
        const input = element("input", { type: format === "binary" ? "file" : "text" });
        return { name, input, label: element("label", {}, name, input) };
    }) : [];
    const body = type === "application/json" ? element("textarea", { spellcheck: false, ariaLabel: "Body",
        value: JSON.stringify(exampleBody(schema, model), null, 2) }) : null;
    const send = element("button", { type: "submit", className: "send", textContent: "Send" });
    const stop = element("button", { type: "button", textContent: "Stop", disabled: true });
    const status = element("p", { role: "status" });
    const output = element("pre", { hidden: true, tabIndex: 0 });
    const form = element("form", {}, element("p", { className: "fields" }, ...fields.map(field => field.label)),
        element("p", { className: "fields" }, ...parts.map(part => part.label)), body, element("p", {}, send, " ", stop));
    let controller = null;
    stop.addEventListener("click", () => controller?.abort());
    form.addEventListener("submit", async event => {
        event.preventDefault();
        controller = new AbortController();
        send.disabled = true;
        stop.disabled = false;
        output.hidden = true;
        output.textContent = "";
        status.className = "quiet";
        status.textContent = "…";
        try {
            let target = base + path;
            const query = new URLSearchParams();
            for (const { parameter, input } of fields) {
                if (parameter.in === "path") {
                    target = target.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
                } else if (input.value) {
                    query.set(parameter.name, input.value);
                }
            }
            if (query.size > 0) target += `?${query}`;
            const headers = {};
            const key = document.getElementById("key").value;
            if (key) headers.Authorization = `Bearer ${key}`;
            if (body) headers["Content-Type"] = "application/json";
            const data = parts.length > 0 ? new FormData() : body?.value;
            for (const { name, input } of parts) {
                if (input.type === "file" ? input.files.length > 0 : input.value) data.append(name, input.files?.[0] ?? input.value);
            }
            const response = await fetch(target, { method: method.toUpperCase(), headers, body: data,
                signal: controller.signal });
            status.className = response.ok ? "good" : "bad";
            status.textContent = `${response.status} ${response.headers.get("content-type") ?? ""}`;
            if (response.headers.get("content-type")?.startsWith("audio/")) {
                status.textContent += `: ${(await response.arrayBuffer()).byteLength} bytes`;
                return;
            }
            output.hidden = false;
            const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
            for (;;) {
                const { done, value } = await reader.read();
                if (done) break;
                output.textContent += value;
            }
            try { output.textContent = JSON.stringify(JSON.parse(output.textContent), null, 2); } catch { /* no JSON */ }
        } catch (error) {
            status.className = "bad";
            status.textContent = error.name === "AbortError" ? "stopped" : String(error);
        } finally {
            send.disabled = false;
            stop.disabled = true;
        }
    });
    return element("div", {}, schema ? parameterTable(schema) : null, form, status, output);
}

/** One operation, closed. */
function operationCard(base, method, path, operation, model) {
    const card = element("details", { className: operation.deprecated ? "gone" : "" },
        element("summary", {}, element("span", { className: "method", textContent: method.toUpperCase() }),
            element("code", { textContent: path }), " ",
            element("span", { className: "quiet", textContent: operation.summary })));
    card.dataset.text = JSON.stringify([path, operation.summary, operation.requestBody ?? null]).toLowerCase();
    card.addEventListener("toggle", () => {
        if (card.open && card.children.length === 1) card.append(operationBody(base, method, path, operation, model()));
    });
    return card;
}

async function show() {
    const operations = document.getElementById("operations");
    const description = await (await fetch("openapi.json")).json();
    const base = location.pathname.startsWith("/v1/") ? "/v1" : "";
    // A name that means the default model, until it is known: the list may need a key.
    let model = "gpt-4o";
    const learn = async () => {
        const key = document.getElementById("key").value;
        const reply = await fetch(`${base}/models`, key ? { headers: { Authorization: `Bearer ${key}` } } : {});
        if (reply.ok) model = (await reply.json()).data[0]?.id ?? model;
    };
    learn().catch(() => {});
    document.getElementById("key").addEventListener("change", () => learn().catch(() => {}));
    const title = `${description.info.title} ${description.info.version}`;
    document.title = title;
    document.getElementById("title").textContent = title;
    document.getElementById("description").textContent = description.info.description;
    const sections = description.tags.map(({ name }) => {
        const cards = Object.entries(description.paths).flatMap(([path, methods]) =>
            Object.entries(methods).filter(([, operation]) => operation.tags.includes(name))
                .map(([method, operation]) => operationCard(base, method, path, operation, () => model)));
        return element("section", {}, element("h2", { textContent: name }), ...cards);
    });
    operations.replaceChildren(...sections);
    operations.ariaBusy = "false";
    document.getElementById("find").addEventListener("input", ({ target }) => {
        const wanted = target.value.trim().toLowerCase();
        for (const section of sections) {
            const cards = [...section.querySelectorAll("details")];
            for (const card of cards) card.hidden = !card.dataset.text.includes(wanted);
            section.hidden = cards.every(card => card.hidden);
        }
    });
}

show().catch(error => {
    document.getElementById("operations").replaceChildren(
        element("p", { className: "bad", textContent: `openapi.json could not be shown: ${error}` }));
});
