#include "compiler/bytecode/folders.h"

#include <system_error>

namespace bylaw {
namespace {

namespace fs = std::filesystem;

// A link to a folder above itself: a walk that enters it finds it again.
bool LeadsBack(const fs::path& link) {
  std::error_code error;
  fs::path above = fs::absolute(link, error);
  while (above.has_relative_path()) {
    above = above.parent_path();
    if (fs::equivalent(above, link, error)) return true;
  }
  return false;
}

}  // namespace

bool EntersFolder(const fs::directory_entry& folder) {
  if (folder.path().filename().native().starts_with('.')) return false;
  std::error_code error;
  return !folder.is_symlink(error) || !LeadsBack(folder.path());
}

}  // namespace bylaw
