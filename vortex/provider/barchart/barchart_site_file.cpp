#include "vortex/provider/barchart/barchart_site_file.hpp"

#include <string_view>
#include <utility>

#include "vortex/provider/http_status.hpp"

namespace vortex {

bool is_barchart_download(const HttpReply& reply) {
  return reply.status == 200 && reply.body.view().starts_with("Time,");
}

Result<Page> decode_barchart_download(BarchartQuery query, const HttpReply& reply) {
  query.form = BarchartForm::saved;
  VORTEX_TRY(BarchartRows rows, read_barchart_csv(query, reply));
  if (!rows.as_of) {
    return std::unexpected(
        reply_error(ErrorCode::truncated,
                    "the file's last line is not the one that says when it was made", reply));
  }
  if (std::cmp_greater_equal(rows.bars.rows(), kBarchartFileRowsMax)) {
    return std::unexpected(
        reply_error(ErrorCode::truncated,
                    "the file holds as many rows as a file may: it may lack some", reply));
  }
  return settle_barchart(query, reply, std::move(rows));
}

}  // namespace vortex
