// Our half of the comparison with OpenSSL 3.5 (pq_openssl.mjs): reads commands, one a line, answers in hexadecimal.
//
//   kem-public SEED          kem-encapsulate PUBLIC      kem-decapsulate SEED CIPHERTEXT
//   dsa-public SEED          dsa-sign SEED MESSAGE CONTEXT   dsa-verify PUBLIC MESSAGE CONTEXT SIGNATURE
// An empty value is written "-".

#include <iostream>
#include <sstream>

#include "zcrypto/pq_ml_dsa.hpp"
#include "zcrypto/pq_ml_kem.hpp"

namespace {

namespace kem = zcrypto::ml_kem_768;
namespace dsa = zcrypto::ml_dsa_65;

base::Bytes read(std::istream& in) {
    std::string word;
    in >> word;
    if (word == "-") return {};
    return base::from_hex(word).value();
}
template <std::size_t N>
base::FixedBytes<N> read_fixed(std::istream& in) {
    return base::to_fixed<N>(read(in)).value();
}
template <std::size_t N>
zcrypto::Secret<N> read_secret(std::istream& in) {
    return zcrypto::Secret<N>::make(read(in)).value();
}

std::string answer(const std::string& command, std::istream& in) {
    if (command == "kem-public") return base::to_hex(kem::PrivateKey{read_secret<64>(in)}.public_key());
    if (command == "kem-encapsulate") {
        const auto made = kem::encapsulate(read_fixed<kem::kPublicKeySize>(in), base::system_random());
        if (!made) return "malformed";
        return base::to_hex(made->ciphertext) + " " + base::to_hex(made->shared_key.expose());
    }
    if (command == "kem-decapsulate") {
        const kem::PrivateKey key{read_secret<64>(in)};
        return base::to_hex(key.decapsulate(read_fixed<kem::kCiphertextSize>(in)).expose());
    }
    if (command == "dsa-public") return base::to_hex(dsa::PrivateKey{read_secret<32>(in)}.public_key());
    if (command == "dsa-sign") {
        const dsa::PrivateKey key{read_secret<32>(in)};
        const auto message = read(in);
        const auto context = read(in);
        return base::to_hex(key.sign({.text = message, .context = context}, base::system_random()).value().bytes);
    }
    if (command == "dsa-verify") {
        const auto key = read_fixed<dsa::kPublicKeySize>(in);
        const auto message = read(in);
        const auto context = read(in);
        const dsa::Signature signature{read_fixed<dsa::kSignatureSize>(in)};
        return dsa::verify(key, {.text = message, .context = context}, signature) ? "valid" : "invalid";
    }
    return "unknown command";
}

}  // namespace

int main() {
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream in{line};
        std::string command;
        in >> command;
        std::cout << answer(command, in) << std::endl;
    }
    return 0;
}
