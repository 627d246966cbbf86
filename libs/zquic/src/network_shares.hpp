#pragma once
// What strangers hold, by the network that they come from (io::network_of), so that room is taken back from who holds
// most. A template only for its tests: the endpoint counts its half-open connections with it.

#include <cstdint>
#include <list>
#include <map>
#include <unordered_map>
#include <utility>

#include "base/result.hpp"
#include "io/network.hpp"

namespace zquic {

template <typename T>
class NetworkShares {
 public:
    /// `one` is not in yet, and stays until remove().
    void add(T& one, const io::SocketAddress& peer) {
        const auto holder = holders_.try_emplace(io::network_of(peer)).first;
        if (!holder->second.empty()) ranks_.erase(rank_of(holder->second));
        holder->second.push_back({.one = &one, .number = ++last_number_});
        ranks_.emplace(rank_of(holder->second), holder);
        places_.emplace(&one, Place{.holder = holder, .at = std::prev(holder->second.end())});
    }
    /// Nothing when it is not in.
    void remove(const T& one) noexcept {
        const auto found = places_.find(&one);
        if (found == places_.end()) return;
        const auto [holder, at] = found->second;
        places_.erase(found);
        // The node moves to its new rank: nothing here allocates.
        auto node = ranks_.extract(rank_of(holder->second));
        holder->second.erase(at);
        if (holder->second.empty()) {
            holders_.erase(holder);
        } else {
            node.key() = rank_of(holder->second);
            ranks_.insert(std::move(node));
        }
    }
    /// The oldest of the network that holds most; of equals, of the one with the oldest. Null when there is none.
    [[nodiscard]] T* oldest_of_heaviest() const noexcept {
        return ranks_.empty() ? nullptr : ranks_.rbegin()->second->second.front().one;
    }
    /// Null when the network of `peer` holds none.
    [[nodiscard]] T* oldest_of(const io::SocketAddress& peer) const noexcept {
        const auto found = holders_.find(io::network_of(peer));
        return found == holders_.end() ? nullptr : found->second.front().one;
    }
    [[nodiscard]] std::size_t held_by(const io::SocketAddress& peer) const noexcept {
        const auto found = holders_.find(io::network_of(peer));
        return found == holders_.end() ? 0 : found->second.size();
    }
    [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }

 private:
    struct Entry {
        T* one;
        std::uint64_t number;  ///< Grows with time.
    };
    using OldestFirst = std::list<Entry>;  ///< Never empty between calls.
    using Holders = std::map<io::SocketAddress, OldestFirst, io::HostLess>;
    struct Place {
        typename Holders::iterator holder;
        typename OldestFirst::iterator at;
    };
    /// How many it holds, then the age of its oldest.
    using Rank = std::pair<std::size_t, std::uint64_t>;
    static Rank rank_of(const OldestFirst& held) noexcept { return {held.size(), ~held.front().number}; }

    Holders holders_;
    std::map<Rank, typename Holders::iterator> ranks_;
    std::unordered_map<const T*, Place> places_;  ///< unkeyed: our own addresses
    std::uint64_t last_number_ = 0;
};

}  // namespace zquic
