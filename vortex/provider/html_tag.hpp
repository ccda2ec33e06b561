// What a login reads of a page: an attribute of a tag. No parser of HTML: a page that writes its
// tag in another way has no such tag, and the login says so. Pure.
#pragma once

#include <string_view>

namespace vortex {

// The attribute `wanted` of the first tag that begins with `tag` ("<input") and whose attribute
// `name` is so; as written there, a view into the page. Empty: there is none. Looks at the first
// MiB of a page and KiB of a tag, so that half-open tags cost no more than the page's length.
std::string_view find_tag_attribute(std::string_view html, std::string_view tag,
                                    std::string_view name, std::string_view wanted);

}  // namespace vortex
