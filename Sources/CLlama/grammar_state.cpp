#include "grammar_state.h"

#include <algorithm>

namespace {

// What a call may do, in stacks that are looked at: some 100 milliseconds.
constexpr size_t most_work = 1000 * 1000;
// What is kept from one call to the next.
constexpr size_t most_nodes = 100 * 1000;
constexpr size_t most_sets = 10 * 1000;
constexpr size_t most_transitions = 100 * 1000;
constexpr size_t most_masks = 32;

uint64_t hash_of(const std::vector<uint32_t> & numbers) {
    uint64_t hash = 0xCBF29CE484222325;
    for (const uint32_t number : numbers) { hash = (hash ^ number) * 0x100000001B3; }
    return hash;
}

} // namespace

cl::grammar_state::grammar_state(
    std::shared_ptr<const grammar_rules> rules, std::shared_ptr<const vocabulary_text> vocabulary,
    std::shared_ptr<const std::vector<bool>> may_speak)
    : rules(std::move(rules)), vocabulary(std::move(vocabulary)), may_speak(std::move(may_speak)), now{nowhere} {
    nodes.push_back({0, 0}); // the bottom
    std::vector<uint32_t> stacks;
    // As if the root had just been referred to.
    const uint32_t root = this->rules->begin(this->rules->root());
    uint32_t place = root;
    expansion += 1;
    while (true) {
        const uint32_t stack = (*this->rules)[place].is_end() ? bottom : push(place, bottom);
        expand(stack, stacks);
        while (!(*this->rules)[place].is_end()) { ++place; }
        if ((*this->rules)[place].type == grammar_element::end) { break; }
        ++place;
    }
    now.set = keep(std::move(stacks));
}

void cl::grammar_state::spend(size_t more) {
    work += more;
    if (work > most_work) { throw grammar_overflow(); }
}

uint32_t cl::grammar_state::push(uint32_t place, uint32_t below) {
    spend(1);
    const auto [known, is_new] = node_numbers.emplace((uint64_t) place << 32 | below, (uint32_t) nodes.size());
    if (is_new) { nodes.push_back({place, below}); }
    return known->second;
}

// Adds the stacks that a stack stands for, whose next elements are characters or tokens. Those of one expansion number
// are met once.
void cl::grammar_state::expand(uint32_t stack, std::vector<uint32_t> & stacks) {
    const auto meet = [&](uint32_t stack) {
        if (seen.size() <= stack) { seen.resize(std::max<size_t>(nodes.size(), stack + 1)); }
        if (seen[stack] == expansion) { return; }
        seen[stack] = expansion;
        todo.push_back(stack);
    };
    todo.clear();
    meet(stack);
    while (!todo.empty()) {
        spend(1);
        const uint32_t top = todo.back();
        todo.pop_back();
        const node at = nodes[top];
        if (top == bottom || (*rules)[at.place].type != grammar_element::rule) {
            stacks.push_back(top);
            continue;
        }
        const uint32_t rest = (*rules)[at.place + 1].is_end() ? at.below : push(at.place + 1, at.below);
        uint32_t place = rules->begin((*rules)[at.place].first);
        while (true) {
            meet((*rules)[place].is_end() ? rest : push(place, rest));
            const uint32_t begin = place;
            while (!(*rules)[place].is_end()) { ++place; }
            spend((place - begin) / 8);
            if ((*rules)[place].type == grammar_element::end) { break; }
            ++place;
        }
    }
}

// The stacks behind the character or token on top of one.
void cl::grammar_state::go_on(uint32_t stack, std::vector<uint32_t> & stacks) {
    const node at = nodes[stack];
    expand((*rules)[at.place + 1].is_end() ? at.below : push(at.place + 1, at.below), stacks);
}

int32_t cl::grammar_state::keep(std::vector<uint32_t> stacks) {
    if (stacks.empty()) { return nowhere; }
    std::sort(stacks.begin(), stacks.end());
    spend(stacks.size());
    const uint64_t hash = hash_of(stacks);
    const auto [first, last] = set_numbers.equal_range(hash);
    for (auto known = first; known != last; ++known) {
        if (sets[known->second].stacks == stacks) { return known->second; }
    }
    spend(32); // for the table
    place_set set;
    set.stacks = std::move(stacks);
    set.ascii.fill(unknown);
    for (const uint32_t stack : set.stacks) {
        if (stack == bottom) { continue; }
        const grammar_element & element = (*rules)[nodes[stack].place];
        if (element.type == grammar_element::character) {
            set.characters.emplace_back(element.first, stack);
        } else {
            (element.is_token() ? set.tokens : set.classes).push_back(stack);
        }
    }
    std::sort(set.characters.begin(), set.characters.end());
    sets.push_back(std::move(set));
    set_numbers.emplace(hash, (int32_t) sets.size() - 1);
    return (int32_t) sets.size() - 1;
}

int32_t cl::grammar_state::find_after(int32_t set, uint32_t character) {
    std::vector<uint32_t> stacks;
    expansion += 1;
    const place_set & from = sets[set];
    const auto literal = std::make_pair(character, (uint32_t) 0);
    for (auto next = std::lower_bound(from.characters.begin(), from.characters.end(), literal);
         next != from.characters.end() && next->first == character; ++next) {
        go_on(next->second, stacks);
    }
    for (const uint32_t stack : from.classes) {
        const grammar_element & element = (*rules)[nodes[stack].place];
        spend(1 + element.second / 8);
        if (rules->matches(element, character)) { go_on(stack, stacks); }
    }
    return keep(std::move(stacks));
}

int32_t cl::grammar_state::after(int32_t set, uint32_t character) {
    if (character < 128) {
        if (sets[set].ascii[character] == unknown) {
            const int32_t next = find_after(set, character);
            sets[set].ascii[character] = next;
        }
        return sets[set].ascii[character];
    }
    const uint64_t key = (uint64_t) set << 32 | character;
    const auto known = transitions.find(key);
    if (known != transitions.end()) { return known->second; }
    const int32_t next = find_after(set, character);
    transitions.emplace(key, next);
    return next;
}

int32_t cl::grammar_state::after_token(int32_t set, int32_t token) {
    std::vector<uint32_t> stacks;
    expansion += 1;
    for (const uint32_t stack : sets[set].tokens) {
        const grammar_element & element = (*rules)[nodes[stack].place];
        if ((element.first == (uint32_t) token) == (element.type == grammar_element::token)) { go_on(stack, stacks); }
    }
    return keep(std::move(stacks));
}

cl::grammar_state::position cl::grammar_state::after_byte(position at, uint8_t byte) {
    constexpr position dead = {nowhere};
    if (at.missing > 0) {
        if ((byte & 0xC0) != 0x80) { return dead; }
        at.partial = at.partial << 6 | (byte & 0x3F);
        if (--at.missing > 0) { return at; }
        constexpr uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
        const uint32_t character = at.partial;
        if (character < least[at.length] || character > 0x10FFFF || (character & ~0x7FFu) == 0xD800) { return dead; }
        return {after(at.set, character)};
    }
    if (byte < 0x80) { return {after(at.set, byte)}; }
    if (byte < 0xC2 || byte > 0xF4) { return dead; }
    at.length = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    at.missing = (uint8_t) (at.length - 1);
    at.partial = byte & (0x7Fu >> at.length);
    return at;
}

// Whether some character that begins so is part of the text.
bool cl::grammar_state::can_go_on(const position & at) const {
    if (at.set == nowhere) { return false; }
    if (at.missing == 0) { return true; }
    constexpr uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint32_t low = std::max(at.partial << (6 * at.missing), least[at.length]);
    const uint32_t high = std::min((at.partial + 1) << (6 * at.missing), 0x110000u) - 1;
    if (high < low || (low >= 0xD800 && high <= 0xDFFF)) { return false; }
    const place_set & set = sets[at.set];
    const auto literal =
        std::lower_bound(set.characters.begin(), set.characters.end(), std::make_pair(low, (uint32_t) 0));
    if (literal != set.characters.end() && literal->first <= high) { return true; }
    return std::any_of(set.classes.begin(), set.classes.end(), [&](uint32_t stack) {
        return rules->matches_any((*rules)[nodes[stack].place], low, high);
    });
}

cl::grammar_state::position cl::grammar_state::walk(position at, std::string_view bytes) {
    for (const char byte : bytes) {
        if (at.set == nowhere) { break; }
        at = after_byte(at, (uint8_t) byte);
    }
    return at;
}

bool cl::grammar_state::is_readable(int32_t token) const {
    switch (vocabulary->kind_of(token)) {
    case vocabulary_text::kind::text: return true;
    case vocabulary_text::kind::control: return (*may_speak)[token];
    default: return false;
    }
}

bool cl::grammar_state::may_end() const {
    return now.set != nowhere && now.missing == 0 && sets[now.set].stacks.front() == bottom;
}

bool cl::grammar_state::allows(int32_t token) {
    if (now.set == nowhere || token < 0 || token >= vocabulary->size()) { return false; }
    const auto known = masks.find(now.key());
    if (known != masks.end()) { return known->second[(size_t) token / 64] >> (token % 64) & 1; }
    work = 0;
    if (vocabulary->kind_of(token) == vocabulary_text::kind::end) { return may_end(); }
    if (is_readable(token) && can_go_on(walk(now, vocabulary->bytes(token)))) { return true; }
    return now.missing == 0 && after_token(now.set, token) != nowhere;
}

const cl::grammar_state::token_mask & cl::grammar_state::allowed() {
    const auto known = masks.find(now.key());
    if (known != masks.end()) { return known->second; }
    work = 0;
    if (masks.size() >= most_masks) { masks.clear(); }
    token_mask mask = find_allowed();
    return masks[now.key()] = std::move(mask);
}

// Follows all texts in their order, going back to where the next one parts from the one before.
cl::grammar_state::token_mask cl::grammar_state::find_allowed() {
    token_mask mask(((size_t) vocabulary->size() + 63) / 64);
    if (now.set == nowhere) { return mask; }
    const auto allow = [&](int32_t token) { mask[(size_t) token / 64] |= (uint64_t) 1 << (token % 64); };
    if (may_end()) {
        for (const int32_t token : vocabulary->ends()) { allow(token); }
    }
    std::vector<position> path = {now}; // behind each byte
    size_t dead = SIZE_MAX;             // the number of bytes after which there is no way on
    for (const auto & entry : vocabulary->sorted()) {
        if (entry.shared >= dead) { continue; }
        dead = SIZE_MAX;
        const std::string_view bytes = vocabulary->bytes(entry.token);
        path.resize(entry.shared + 1);
        for (size_t at = entry.shared; at < bytes.size(); ++at) {
            path.push_back(after_byte(path[at], (uint8_t) bytes[at]));
            if (path.back().set == nowhere) {
                dead = at + 1;
                break;
            }
        }
        if (dead == SIZE_MAX && is_readable(entry.token) && can_go_on(path.back())) { allow(entry.token); }
    }
    if (now.missing > 0) { return mask; }
    for (const uint32_t stack : sets[now.set].tokens) {
        const grammar_element & element = (*rules)[nodes[stack].place];
        if (element.type == grammar_element::token) { allow((int32_t) element.first); }
        if (element.type != grammar_element::not_token) { continue; }
        for (const auto & entry : vocabulary->sorted()) {
            if ((uint32_t) entry.token != element.first && is_readable(entry.token)) { allow(entry.token); }
        }
    }
    return mask;
}

bool cl::grammar_state::accept(int32_t token, std::string_view bytes) {
    if (now.set == nowhere || token < 0 || token >= vocabulary->size()) { return false; }
    work = 0;
    tidy();
    if (vocabulary->kind_of(token) == vocabulary_text::kind::end && may_end()) { return true; }
    const position behind_text = bytes.empty() ? position{nowhere} : walk(now, bytes);
    const int32_t behind_token = now.missing == 0 ? after_token(now.set, token) : nowhere;
    if (behind_token == nowhere) {
        if (!can_go_on(behind_text)) { return false; }
        now = behind_text;
    } else if (behind_text.set == nowhere || behind_text.missing > 0) {
        // A text that ends within a character can't be followed beside a token that ends whole.
        now = {behind_token};
    } else {
        std::vector<uint32_t> both = sets[behind_token].stacks;
        const auto & others = sets[behind_text.set].stacks;
        both.insert(both.end(), others.begin(), others.end());
        std::sort(both.begin(), both.end());
        both.erase(std::unique(both.begin(), both.end()), both.end());
        now = {keep(std::move(both))};
    }
    return true;
}

// Starts the tables anew, with the present set alone, once they are large.
void cl::grammar_state::tidy() {
    if (nodes.size() < most_nodes && sets.size() < most_sets && transitions.size() < most_transitions) { return; }
    const std::vector<node> old = std::move(nodes);
    const std::vector<uint32_t> stacks = std::move(sets[now.set].stacks);
    nodes = {{0, 0}};
    node_numbers.clear();
    sets.clear();
    set_numbers.clear();
    transitions.clear();
    masks.clear();
    seen.clear();
    std::unordered_map<uint32_t, uint32_t> moved = {{bottom, bottom}};
    std::vector<uint32_t> kept;
    for (const uint32_t stack : stacks) {
        // From the bottom up.
        std::vector<uint32_t> above;
        uint32_t at = stack;
        for (; moved.count(at) == 0; at = old[at].below) { above.push_back(at); }
        for (auto next = above.rbegin(); next != above.rend(); ++next) {
            moved[*next] = push(old[*next].place, moved[old[*next].below]);
        }
        kept.push_back(moved[stack]);
    }
    now.set = keep(std::move(kept));
}
