// What all walks through the folders of a repository do alike: hidden folders
// (their names begin with a dot) are not entered, links to folders are, unless
// they lead back to where they stand.
#ifndef BYLAW_COMPILER_BYTECODE_FOLDERS_H_
#define BYLAW_COMPILER_BYTECODE_FOLDERS_H_

#include <cstddef>
#include <filesystem>

namespace bylaw {

// More files than any repository has; a folder with more is not one.
inline constexpr size_t kMaxRepositoryFiles = 1'000'000;

inline constexpr std::filesystem::directory_options kFollowLinks =
    std::filesystem::directory_options::follow_directory_symlink;

// Is this folder, as a walk came by it, to be entered?
bool EntersFolder(const std::filesystem::directory_entry& folder);

}  // namespace bylaw

#endif  // BYLAW_COMPILER_BYTECODE_FOLDERS_H_
