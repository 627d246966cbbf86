#pragma once
// The folder that an enoc network lives in.

#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace enoc {

/// Paths below a home.
struct HomeLayout {
    explicit HomeLayout(std::string home);
    std::string folder, marker, lock;
    std::string bridge, node, wallet, cli;
    std::string bridge_identity, wallet_identity, cli_identity;
    std::string bridge_config, node_config, wallet_config, cli_config;
};

/// Makes the home, or checks that an existing one was made by enoc (`permission_denied` otherwise: it may be somebody's
/// real wallet). With `fresh` deletes what the daemons kept in it.
base::Checked<void> prepare_home(const HomeLayout& layout, bool fresh);

/// The public key of the Ed25519 identity in `path`, which is made when missing.
base::Checked<base::Digest> ensure_identity(const std::string& path);

}  // namespace enoc
