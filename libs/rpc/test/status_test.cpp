#include "rpc/status.hpp"

#include <gtest/gtest.h>

#include "io/error.hpp"
#include "zquic/h3.hpp"

namespace rpc {
namespace {

TEST(Status, NamesAndNumbersOfAllSeventeenCodesMatchTheSpecification) {
    const char* names[] = {
        "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
        "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
        "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
        "DATA_LOSS", "UNAUTHENTICATED"};
    for (unsigned number = 0; number < kStatusCodeCount; ++number) {
        const auto code = status_code_from_number(number);
        EXPECT_EQ(static_cast<unsigned>(code), number);
        EXPECT_EQ(to_string(code), names[number]);
    }
    EXPECT_EQ(status_code_from_number(17), StatusCode::unknown);
    EXPECT_EQ(status_code_from_number(~0u), StatusCode::unknown);
}

TEST(Status, MapsHttpStatusAsTheSpecificationDoes) {
    EXPECT_EQ(status_code_from_http(400), StatusCode::internal);
    EXPECT_EQ(status_code_from_http(401), StatusCode::unauthenticated);
    EXPECT_EQ(status_code_from_http(403), StatusCode::permission_denied);
    EXPECT_EQ(status_code_from_http(404), StatusCode::unimplemented);
    for (const unsigned busy : {429u, 502u, 503u, 504u})
        EXPECT_EQ(status_code_from_http(busy), StatusCode::unavailable);
    for (const unsigned other : {0u, 200u, 301u, 500u, 999u})
        EXPECT_EQ(status_code_from_http(other), StatusCode::unknown);
}

TEST(Status, MapsHttp3ResetCodes) {
    EXPECT_EQ(status_code_from_h3(0x10c), StatusCode::cancelled);
    EXPECT_EQ(status_code_from_h3(0x10b), StatusCode::unavailable);
    EXPECT_EQ(status_code_from_h3(0x107), StatusCode::resource_exhausted);
    EXPECT_EQ(status_code_from_h3(0x100), StatusCode::internal);
    EXPECT_EQ(status_code_from_h3(0x7fffffffffffffff), StatusCode::internal);
    EXPECT_EQ(h3_code_for(StatusCode::cancelled), H3Code::request_cancelled);
    EXPECT_EQ(h3_code_for(StatusCode::unavailable), H3Code::request_rejected);
}

TEST(Status, KeepsAnyMessageThroughPercentEncoding) {
    for (const std::string message : {"", "plain", "100 % sure", "grüße, 世界 \xf0\x9f\x91\xbb", "line\nbreak\ttab",
                                      "%", "%4", "%zz", "\x7f", " ", " before", "after ", "  both  "}) {
        const auto encoded = percent_encode(message);
        for (const char c : encoded) EXPECT_TRUE(c >= 0x20 && c <= 0x7e);
        EXPECT_TRUE(zquic::h3::check_field({"grpc-message", encoded})) << '"' << encoded << '"';
        EXPECT_EQ(percent_decode(encoded), message);
    }
    EXPECT_EQ(percent_encode("a%b\n"), "a%25b%0A");
    EXPECT_EQ(percent_encode(" two words "), "%20two words%20");
}

TEST(Status, DecodingLeavesBrokenEscapesAlone) {
    EXPECT_EQ(percent_decode("%"), "%");
    EXPECT_EQ(percent_decode("%2"), "%2");
    EXPECT_EQ(percent_decode("%2x%41%"), "%2xA%");
    EXPECT_EQ(percent_decode("%%41"), "%A");
}

TEST(Status, TakesErrorsOfBaseAndIo) {
    EXPECT_EQ(status_from(base::fail(base::Errc::not_found, "block").error()).code, StatusCode::not_found);
    EXPECT_EQ(status_from(base::fail(base::Errc::truncated).error()).code, StatusCode::invalid_argument);
    EXPECT_EQ(status_from(base::fail(base::Errc::overloaded).error()).code, StatusCode::resource_exhausted);
    EXPECT_EQ(status_from(base::fail(io::Errc::refused).error()).code, StatusCode::unavailable);
    const base::Diagnostic diagnostic{base::fail(base::Errc::permission_denied).error(), "key 3f is not listed"};
    EXPECT_EQ(status_from(diagnostic), (Status{StatusCode::permission_denied, "key 3f is not listed"}));
}

}  // namespace
}  // namespace rpc
