#pragma once

namespace systole {

/// For a command whose work is one large program in this process. Lets the heap grow in one stretch
/// of addresses that the kernel may back by large pages, where a fresh one costs as little as a
/// small one, and keeps what is freed for what comes. Takes no memory that is not used; does
/// nothing where the process may not have so many addresses.
void prepare_heap();

}  // namespace systole
