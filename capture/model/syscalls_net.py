"""Calls on sockets."""

# ruff: noqa: E501 - one row a line, however long

NET_CALLS = """
41   198  359  socket              net       fd     domain:enum=socket_family type:flags=socket_type protocol:enum=socket_protocol
53   199  360  socketpair          ipc       zero   domain:enum=socket_family type:flags=socket_type protocol:enum=socket_protocol sv:fd_pair
49   200  361  bind                net       zero   fd addr:sockaddr_in addrlen:int
42   203  362  connect             net       zero   fd addr:sockaddr_in addrlen:int
50   201  363  listen              net       zero   fd backlog:int
43   202  -    accept              net       fd     fd addr:sockaddr_out addrlen:pointer
288  242  364  accept4             net       fd     fd addr:sockaddr_out addrlen:pointer flags:flags=accept_flags
51   204  367  getsockname         net       zero   fd addr:sockaddr_out addrlen:pointer
52   205  368  getpeername         net       zero   fd addr:sockaddr_out addrlen:pointer
44   206  369  sendto              io-write  size   fd buf:buffer_in len:size flags:flags=msg_flags addr:sockaddr_in addrlen:int
46   211  370  sendmsg             io-write  size   fd msg:msghdr_in flags:flags=msg_flags
307  269  345  sendmmsg            io-write  int    fd msgvec:mmsghdr_in vlen:uint flags:flags=msg_flags
45   207  371  recvfrom            io-read   size   fd buf:buffer_out len:size flags:flags=msg_flags addr:sockaddr_out addrlen:pointer
47   212  372  recvmsg             io-read   size   fd msg:msghdr_out flags:flags=msg_flags
299  243  337  recvmmsg            io-read   int    fd msgvec:mmsghdr_out vlen:uint flags:flags=msg_flags timeout:pointer
54   208  366  setsockopt          net       zero   fd level:enum=socket_level optname:enum=socket_option_set optval:buffer_in optlen:size
55   209  365  getsockopt          net       zero   fd level:enum=socket_level optname:enum=socket_option_get optval:pointer optlen:pointer
48   210  373  shutdown            net       zero   fd how:enum=shutdown_how
"""
