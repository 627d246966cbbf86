#pragma once
// Between a contract's schema and what people type and read: arguments in, results, events and errors out.

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ghost/chain/v1/chain.pb.h"
#include "zabi/schema.hpp"
#include "zwallet/outcome.hpp"

namespace zwallet {

class Remote;

/// From a schema (JSON) or a module that carries one.
Outcome<zabi::Schema> schema_of_file(const std::string& path);
/// Who says what a contract is: our walletd, which compares the code with what is proved, or the node alone.
enum class ContractSource : std::uint8_t { wallet, node };
struct KnownContract {
    ghost::chain::v1::Contract contract;
    bool verified = false;  ///< Proved under a certificate that walletd checked.
};
/// The failure says when there is none at this address, and when the node serves other code than it proved.
Outcome<KnownContract> fetch_contract(Remote& remote, const std::string& address, ContractSource source);
struct KnownSchema {
    zabi::Schema schema;
    bool verified = false;  ///< It is the code's own, and that code is what the proved contract runs.
};
/// Of a contract on the chain; from `abi_file`, whose word is the caller's own, when one is named. The failure says
/// what to do when it publishes none.
Outcome<KnownSchema> schema_of_contract(Remote& remote, const std::string& address, ContractSource source,
                                        const std::string& abi_file);
/// The failure lists the methods that there are.
Outcome<const zabi::Method*> find_method(const zabi::Schema& schema, const std::string& name);

/// "transfer(to: address, amount: u128) -> bool"
std::string usage_of(const zabi::Method& method);
/// Why a run ended badly, in words: the error that the contract declared, its reason, or where it trapped. `schema` may
/// be null.
std::string failure_text(const zabi::Schema* schema, ghost::chain::v1::RunResult result, const std::string& error,
                         const std::string& output,
                         const google::protobuf::RepeatedPtrField<ghost::chain::v1::TraceFrame>& trace);
/// The error that revert data says; empty when there is none.
std::string revert_text(const zabi::Schema* schema, const std::string& output);
/// What a method returned, as JSON; null when it returned nothing. A failure when the bytes do not fit the schema.
Outcome<nlohmann::json> result_of(const zabi::Method& method, const std::string& output);
/// {"contract":…,"topics":…,"data":…} and, when the schema knows it, "name" and "fields".
nlohmann::json json_of_log(const zabi::Schema* schema, const ghost::chain::v1::ContractLog& log);
/// "Transfer  from=ghost1…  to=ghost1…  amount=5"
std::string line_of_log(const nlohmann::json& log);
/// A value without the quotes of JSON, safe for a terminal.
std::string plain_text(const nlohmann::json& value);

}  // namespace zwallet
