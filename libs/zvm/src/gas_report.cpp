// Walks the register code: branches carry the gas of the stretch that they enter, so the stretches and the edges
// between them are all there. Code is laid out forwards: only loops jump back.
#include "zvm/gas_report.hpp"

#include <algorithm>
#include <bit>
#include <set>

#include "ir.hpp"
#include "zvm/gas.hpp"

namespace zvm {
namespace {

bool is_end(Op op) noexcept {
    return op == Op::ret || op == Op::ret_r || op == Op::ret_i || op == Op::unreachable || op == Op::br;
}

struct Edge {
    std::uint32_t to;
    std::uint64_t gas;
};
struct Node {
    std::uint32_t first = 0;
    std::uint64_t entry = 0;  ///< The dearest edge that leads here.
    std::vector<Edge> edges;
    std::vector<std::uint32_t> calls;  ///< Defined functions called from here.
};

class Walk {
 public:
    Walk(const Module& module, std::uint32_t code) : module_{module}, code_{module.code(code)} {
        find_starts();
        for (std::uint32_t n = 0; n < nodes_.size(); ++n) fill(n);
        nodes_.front().entry = code_.entry_gas;
        for (const auto& node : nodes_) {
            for (const auto& edge : node.edges) nodes_[edge.to].entry = std::max(nodes_[edge.to].entry, edge.gas);
        }
    }

    /// The dearest forward way from each node, given what a call of each function costs.
    template <typename CostOfCall>
    std::vector<std::uint64_t> ways(CostOfCall&& cost_of_call, std::vector<std::uint32_t>* next) const {
        std::vector<std::uint64_t> best(nodes_.size(), 0);
        if (next) next->assign(nodes_.size(), kNone);
        for (auto n = static_cast<std::uint32_t>(nodes_.size()); n-- > 0;) {
            for (const auto& edge : nodes_[n].edges) {
                if (edge.to <= n) continue;
                const auto gas = edge.gas + best[edge.to];
                if (gas >= best[n]) {
                    best[n] = gas;
                    if (next) (*next)[n] = edge.to;
                }
            }
            for (const auto callee : nodes_[n].calls) best[n] += cost_of_call(callee);
        }
        return best;
    }

    void describe(FunctionGas& out) const {
        out.index = code_.index;
        out.name = module_.function_name(code_.index);
        out.wasm_bytes = code_.wasm_bytes;
        for (const auto& node : nodes_) out.stretches.push_back({node.first, node.entry});
        std::vector<std::uint32_t> next;
        out.way_gas = code_.entry_gas + ways([](std::uint32_t) { return std::uint64_t{0}; }, &next).front();
        for (std::uint32_t n = 0; n != kNone; n = next[n]) out.way.push_back(n);
        loops(out);
        std::set<std::string> hosts;
        for (std::uint32_t i = 0; i < code_.ir_count; ++i) {
            const auto& instr = code_.entry[i];
            if (instr.op == Op::call_import) {
                hosts.insert(module_.imports()[import_of(static_cast<std::uint32_t>(instr.imm))].name);
            }
            out.indirect_calls += instr.op == Op::call_indirect;
            out.dynamic += instr.op == Op::memory_grow || between(instr.op, Op::memory_init, Op::memory_fill) ||
                           between(instr.op, Op::table_grow, Op::table_fill);
        }
        out.host_calls.assign(hosts.begin(), hosts.end());
    }

 private:
    static constexpr std::uint32_t kNone = 0xffff'ffff;

    [[nodiscard]] std::uint32_t target(std::uint32_t i) const {
        return static_cast<std::uint32_t>(static_cast<std::int64_t>(i) + code_.entry[i].displacement());
    }
    /// The import that is the `function`-th imported function.
    [[nodiscard]] std::size_t import_of(std::uint32_t function) const {
        for (std::size_t i = 0;; ++i) {
            if (module_.imports()[i].kind == ExternKind::function && function-- == 0) return i;
        }
    }

    void find_starts() {
        std::vector<std::uint8_t> is_start(code_.ir_count + 1, 0);
        is_start[0] = 1;
        for (std::uint32_t i = 0; i < code_.ir_count; ++i) {
            const auto& instr = code_.entry[i];
            if (is_branch(instr.op)) is_start[target(i)] = 1;
            if (is_end(instr.op) || is_conditional(instr.op) || instr.op == Op::gas || instr.op == Op::br_table) {
                is_start[i + 1] = 1;
            }
        }
        node_of_.assign(code_.ir_count + 1, 0);
        for (std::uint32_t i = 0; i < code_.ir_count; ++i) {
            if (is_start[i]) {
                nodes_.emplace_back();
                nodes_.back().first = i;
            }
            node_of_[i] = static_cast<std::uint32_t>(nodes_.size() - 1);
        }
    }

    void fill(std::uint32_t n) {
        auto& node = nodes_[n];
        const auto end = n + 1 < nodes_.size() ? nodes_[n + 1].first : code_.ir_count;
        for (auto i = node.first; i < end; ++i) {
            const auto& instr = code_.entry[i];
            if (instr.op == Op::call) {
                node.calls.push_back(std::bit_cast<const FuncCode*>(instr.imm)->index);
            } else if (instr.op == Op::br) {
                node.edges.push_back({node_of_[target(i)], instr.target_gas()});
            } else if (is_conditional(instr.op)) {
                node.edges.push_back({node_of_[target(i)], instr.target_gas()});
                if (i + 1 < code_.ir_count) node.edges.push_back({node_of_[i + 1], instr.a});
            } else if (instr.op == Op::br_table) {
                for (std::uint64_t k = 0; k <= instr.imm; ++k) {
                    node.edges.push_back({node_of_[i + 1 + static_cast<std::uint32_t>(k)], 0});
                }
            } else if (instr.op == Op::gas && i + 1 < code_.ir_count) {
                node.edges.push_back({node_of_[i + 1], instr.imm});
            }
        }
        const auto& last = code_.entry[end - 1];
        const bool goes_on =
            !is_end(last.op) && !is_conditional(last.op) && last.op != Op::gas && last.op != Op::br_table;
        if (goes_on && end < code_.ir_count) node.edges.push_back({node_of_[end], 0});
    }

    void loops(FunctionGas& out) const {
        std::size_t looked_at = 0;
        for (std::uint32_t n = 0; n < nodes_.size(); ++n) {
            for (const auto& edge : nodes_[n].edges) {
                if (edge.to > n || ++looked_at > 4 * kGasLoopsMax) continue;
                // The dearest way from the head to the node that jumps back, then the jump.
                std::vector<std::uint64_t> reach(n + 1, 0);
                std::vector<std::uint8_t> reached(n + 1, 0);
                reached[edge.to] = 1;
                for (auto k = edge.to; k <= n; ++k) {
                    if (!reached[k]) continue;
                    for (const auto& on : nodes_[k].edges) {
                        if (on.to <= k || on.to > n) continue;
                        reached[on.to] = 1;
                        reach[on.to] = std::max(reach[on.to], reach[k] + on.gas);
                    }
                }
                out.loops.push_back({nodes_[edge.to].first, reach[n] + edge.gas});
            }
        }
        std::sort(out.loops.begin(), out.loops.end(),
                  [](const auto& a, const auto& b) { return a.round_gas > b.round_gas; });
        if (out.loops.size() > kGasLoopsMax) out.loops.resize(kGasLoopsMax);
    }

    const Module& module_;
    const FuncCode& code_;
    std::vector<Node> nodes_;
    std::vector<std::uint32_t> node_of_;
};

/// Ways with calls followed: depth first over the call graph, a function that is still open is a circle.
class Totals {
 public:
    Totals(const std::vector<Walk>& walks, const Module& module)
        : walks_{walks}, module_{module}, state_(walks.size(), State::unseen), gas_(walks.size(), 0) {}

    std::optional<std::uint64_t> of(std::uint32_t code) {
        visit(code);
        return state_[code] == State::done ? std::optional{gas_[code]} : std::nullopt;
    }

 private:
    enum class State : std::uint8_t { unseen, open, done, circle };

    void visit(std::uint32_t code) {
        if (state_[code] != State::unseen) {
            if (state_[code] == State::open) state_[code] = State::circle;
            return;
        }
        state_[code] = State::open;
        bool in_circle = false;
        const auto best = walks_[code].ways(
            [&](std::uint32_t function) {
                const auto callee = function - module_.imported_functions();
                visit(callee);
                in_circle |= state_[callee] != State::done;
                return state_[callee] == State::done ? gas_[callee] : 0;
            },
            nullptr);
        gas_[code] = module_.code(code).entry_gas + best.front();
        state_[code] = in_circle || state_[code] == State::circle ? State::circle : State::done;
    }

    const std::vector<Walk>& walks_;
    const Module& module_;
    std::vector<State> state_;
    std::vector<std::uint64_t> gas_;
};

}  // namespace

std::vector<FunctionGas> gas_report(const Module& module) {
    std::vector<Walk> walks;
    walks.reserve(module.code_count());
    for (std::uint32_t i = 0; i < module.code_count(); ++i) walks.emplace_back(module, i);
    Totals totals{walks, module};
    std::vector<FunctionGas> out(module.code_count());
    for (std::uint32_t i = 0; i < module.code_count(); ++i) {
        walks[i].describe(out[i]);
        out[i].total_gas = totals.of(i);
    }
    return out;
}

}  // namespace zvm
