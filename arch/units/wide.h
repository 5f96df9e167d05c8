#pragma once

namespace systole {

/// For products of two 64-bit counts that must not overflow before a division.
__extension__ using Wide = __int128;

}  // namespace systole
