#include "enoc/home.hpp"

#include <filesystem>
#include <utility>

#include "base/file.hpp"
#include "zquic/tls.hpp"

namespace enoc {
namespace {

base::Checked<void> remove_all(const std::string& path) {
    std::error_code error;
    std::filesystem::remove_all(path, error);
    if (error) return base::explain_errno(error.value(), "cannot delete", path);
    return {};
}

}  // namespace

UserLayout::UserLayout(const std::string& folder)
    : wallet{folder + "/walletd"},
      cli{folder + "/zwallet"},
      wallet_identity{wallet + "/identity.pem"},
      cli_identity{cli + "/identity.pem"},
      wallet_config{wallet + "/walletd.toml"},
      cli_config{cli + "/zwallet.toml"} {}

HomeLayout::HomeLayout(std::string home)
    : folder{std::move(home)},
      marker{folder + "/enoc.json"},
      lock{folder + "/enoc.lock"},
      bridge{folder + "/ghostbridge"},
      node{folder + "/ghostd"},
      users{folder + "/users"},
      bridge_identity{bridge + "/identity.pem"},
      bridge_config{bridge + "/ghostbridge.toml"},
      node_config{node + "/ghostd.toml"},
      owner{folder} {}

bool valid_user_name(std::string_view name) noexcept {
    constexpr std::size_t kLengthMax = 32;
    return !name.empty() && name.size() <= kLengthMax &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string_view::npos;
}

base::Checked<void> prepare_home(const HomeLayout& layout, bool fresh) {
    const std::string daemons[] = {layout.bridge, layout.node, layout.owner.wallet, layout.owner.cli, layout.users};
    std::error_code ignored;
    if (!std::filesystem::exists(layout.marker, ignored)) {
        for (const auto& folder : daemons)
            if (std::filesystem::exists(folder, ignored))
                return base::explain(base::Errc::permission_denied,
                                     folder + " was not made by enoc and may hold real keys; choose another --home");
    }
    GC_CHECK(base::make_private_dir(layout.folder));
    if (fresh)
        for (const auto& folder : daemons) GC_CHECK(remove_all(folder));
    // The marker goes first: a home whose making was interrupted is still recognised as ours.
    if (!std::filesystem::exists(layout.marker, ignored))
        GC_CHECK(base::write_file_atomic(layout.marker, base::as_bytes("{}\n")));
    for (const auto& folder : daemons) GC_CHECK(base::make_private_dir(folder));
    return {};
}

base::Checked<base::Digest> ensure_identity(const std::string& path) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) {
        const auto made = zquic::Identity::generate();
        if (!made) return std::unexpected{base::Diagnostic{made.error(), "cannot make a key for " + path}};
        GC_CHECK(made->save(path));
    }
    GC_TRY(const auto identity, zquic::Identity::load(path));
    const auto& key = identity.public_key();
    if (!key) return base::explain(base::Errc::invalid_argument, path + " does not hold an Ed25519 key");
    return *key;
}

}  // namespace enoc
