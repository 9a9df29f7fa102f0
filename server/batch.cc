#include "server/batch.h"

namespace bylaw {

v1::CheckRequest WithDefaults(const v1::CheckRequest& defaults,
                              const v1::CheckRequest& item) {
  v1::CheckRequest merged = item;
  if (!item.has_subject() && defaults.has_subject()) {
    *merged.mutable_subject() = defaults.subject();
  }
  if (item.action().empty()) merged.set_action(defaults.action());
  if (!item.has_resource() && defaults.has_resource()) {
    *merged.mutable_resource() = defaults.resource();
  }
  if (!item.has_context() && defaults.has_context()) {
    *merged.mutable_context() = defaults.context();
  }
  if (item.request_id().empty()) merged.set_request_id(defaults.request_id());
  if (item.sql() == v1::SQL_NONE) merged.set_sql(defaults.sql());
  if (!item.has_at() && defaults.has_at()) *merged.mutable_at() = defaults.at();
  return merged;
}

}  // namespace bylaw
