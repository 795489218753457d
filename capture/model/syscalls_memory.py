"""Calls on a process's own memory, and on the memory of others."""

# ruff: noqa: E501 - one row a line, however long

MEMORY_CALLS = """
12   214  45   brk                 memory    address  addr:pointer
9    222  90   mmap                memory    address  addr:pointer length:size prot:flags=mmap_prot flags:flags=mmap_flags fd offset
11   215  91   munmap              memory    zero     addr:pointer length:size
25   216  163  mremap              memory    address  old_addr:pointer old_size:size new_size:size flags:flags=mremap_flags new_addr:pointer
10   226  125  mprotect            memory    zero     addr:pointer length:size prot:flags=mmap_prot
26   227  144  msync               memory    zero     addr:pointer length:size flags:flags=msync_flags
27   232  218  mincore             memory    zero     addr:pointer length:size vec:pointer
28   233  219  madvise             memory    zero     addr:pointer length:size advice:enum=madvise
440  440  440  process_madvise     memory    size     pidfd:fd iov:pointer vlen:ulong advice:enum=madvise flags:uint
448  448  448  process_mrelease    memory    zero     pidfd:fd flags:uint
149  228  150  mlock               memory    zero     addr:pointer length:size
325  284  376  mlock2              memory    zero     addr:pointer length:size flags:flags=mlock2_flags
150  229  151  munlock             memory    zero     addr:pointer length:size
151  230  152  mlockall            memory    zero     flags:flags=mlockall_flags
152  231  153  munlockall          memory    zero
462  462  462  mseal               memory    zero     addr:pointer length:size flags:ulong
216  234  257  remap_file_pages    memory    zero     addr:pointer size prot:flags=mmap_prot pgoff:ulong flags:flags=mmap_flags
329  288  380  pkey_mprotect       memory    zero     addr:pointer length:size prot:flags=mmap_prot pkey:int
330  289  381  pkey_alloc          memory    int      flags:ulong access_rights:flags=pkey_access
331  290  382  pkey_free           memory    zero     pkey:int
453  453  453  map_shadow_stack    memory    address  addr:pointer size flags:flags=shadow_stack_flags
319  279  356  memfd_create        memory    fd       name:string flags:flags=memfd_flags
447  447  447  memfd_secret        memory    fd       flags:flags=cloexec_flag
310  270  347  process_vm_readv    memory    size     pid local_iov:iovec_out liovcnt:ulong remote_iov:pointer riovcnt:ulong flags:ulong
311  271  348  process_vm_writev   memory    size     pid local_iov:iovec_in liovcnt:ulong remote_iov:pointer riovcnt:ulong flags:ulong
237  235  274  mbind               memory    zero     addr:pointer length:size mode:flags=mempolicy_mode nodemask:pointer maxnode:ulong flags:flags=mempolicy_flags
238  237  276  set_mempolicy       memory    zero     mode:flags=mempolicy_mode nodemask:pointer maxnode:ulong
239  236  275  get_mempolicy       memory    zero     mode:pointer nodemask:pointer maxnode:ulong addr:pointer flags:flags=get_mempolicy_flags
450  450  450  set_mempolicy_home_node memory zero    addr:pointer length:size home_node:ulong flags:ulong
256  238  294  migrate_pages       memory    int      pid maxnode:ulong old_nodes:pointer new_nodes:pointer
279  239  317  move_pages          memory    int      pid count:ulong pages:pointer nodes:pointer status:pointer flags:flags=mempolicy_flags
167  224  87   swapon              memory    zero     path flags:flags=swap_flags
168  225  115  swapoff             memory    zero     path
"""
