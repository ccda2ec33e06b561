// What to say of an answer that does not read as JSON, or has a member of another type than it must
// have. Pure.
#pragma once

#include <string_view>

#include <simdjson.h>

#include "vortex/base/error.hpp"
#include "vortex/base/http_message.hpp"

namespace vortex {

// truncated where the text ends inside a string or with brackets open, schema where a type is not
// the one asked for, else bad_payload. `where` names the member ("" is the document), `location`
// points into the reply's body, or is null where the reader does not know.
Error json_error(std::string_view where, simdjson::error_code error, const char* location,
                 const HttpReply& reply);

}  // namespace vortex
