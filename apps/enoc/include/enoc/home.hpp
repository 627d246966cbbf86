#pragma once
// The folder that an enoc network lives in.

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace enoc {

/// The folder of one person: what GHOST_HOME says to zwallet.
struct UserLayout {
    explicit UserLayout(const std::string& folder);
    std::string wallet, cli;
    std::string wallet_identity, cli_identity;
    std::string wallet_config, cli_config;
};

/// Paths below a home.
struct HomeLayout {
    explicit HomeLayout(std::string home);
    std::string folder, marker, lock;
    std::string bridge, node, users;
    std::string bridge_identity;
    std::string bridge_config, node_config;
    UserLayout owner;  ///< The home is also the folder of the first person.

    [[nodiscard]] UserLayout user(const std::string& name) const { return UserLayout{users + "/" + name}; }
};

/// 1 to 32 of a-z, 0-9, '-' and '_': it becomes a folder.
bool valid_user_name(std::string_view name) noexcept;

/// Makes the home, or checks that an existing one was made by enoc (`permission_denied` otherwise: it may be somebody's
/// real wallet). With `fresh` deletes what the daemons kept in it.
base::Checked<void> prepare_home(const HomeLayout& layout, bool fresh);

/// The public key of the Ed25519 identity in `path`, which is made when missing.
base::Checked<base::Digest> ensure_identity(const std::string& path);

}  // namespace enoc
