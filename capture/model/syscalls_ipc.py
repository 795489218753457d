"""Calls between processes: futexes, System V objects, message queues, keys."""

# ruff: noqa: E501 - one row a line, however long

IPC_CALLS = """
202  98   240  futex               ipc       int    uaddr:pointer op:flags=futex_op val:uint timeout:pointer uaddr2:pointer val3:hex
449  449  449  futex_waitv         ipc       int    waiters:pointer nr_futexes:uint flags:uint timeout:pointer clockid:enum=clock_id
454  454  454  futex_wake          ipc       int    uaddr:pointer mask:hex nr:int flags:flags=futex2_flags
455  455  455  futex_wait          ipc       zero   uaddr:pointer val:ulong mask:hex flags:flags=futex2_flags timeout:pointer clockid:enum=clock_id
456  456  456  futex_requeue       ipc       int    waiters:pointer flags:uint nr_wake:int nr_requeue:int
273  99   311  set_robust_list     ipc       zero   head:pointer len:size
274  100  312  get_robust_list     ipc       zero   pid head_ptr:pointer len_ptr:pointer

29   194  395  shmget              ipc       int    key:enum=ipc_key size shmflg:flags=shmget_flags
30   196  397  shmat               ipc       address  shmid:int shmaddr:pointer shmflg:flags=shmat_flags
31   195  396  shmctl              ipc       int    shmid:int cmd:flags=shmctl_cmd buf:struct=ipc_perm
67   197  398  shmdt               ipc       zero   shmaddr:pointer
64   190  393  semget              ipc       int    key:enum=ipc_key nsems:int semflg:flags=ipcget_flags
65   193  -    semop               ipc       zero   semid:int sops:struct=sembuf nsops:uint
66   191  394  semctl              ipc       int    semid:int semnum:int cmd:flags=semctl_cmd arg:struct=ipc_perm
220  192  -    semtimedop          ipc       zero   semid:int sops:struct=sembuf nsops:uint timeout:pointer
68   186  399  msgget              ipc       int    key:enum=ipc_key msgflg:flags=ipcget_flags
69   189  400  msgsnd              ipc       zero   msqid:int msgp:struct=msgbuf msgsz:size msgflg:flags=sysv_msg_flags
70   188  401  msgrcv              ipc       size   msqid:int msgp:struct=msgbuf msgsz:size msgtyp:long msgflg:flags=sysv_msg_flags
71   187  402  msgctl              ipc       int    msqid:int cmd:flags=msgctl_cmd buf:struct=ipc_perm

240  180  277  mq_open             ipc       fd     name:string oflag:flags=open_flags mode attr:pointer
241  181  278  mq_unlink           ipc       zero   name:string
242  182  279  mq_timedsend        ipc       zero   mqdes:fd msg_ptr:buffer_in msg_len:size msg_prio:uint abs_timeout:pointer
243  183  280  mq_timedreceive     ipc       size   mqdes:fd msg_ptr:buffer_out msg_len:size msg_prio:pointer abs_timeout:pointer
244  184  281  mq_notify           ipc       zero   mqdes:fd sevp:pointer
245  185  282  mq_getsetattr       ipc       zero   mqdes:fd newattr:pointer oldattr:pointer

248  217  286  add_key             ipc       int    type:string description:string payload:buffer_in plen:size keyring:enum=key_serial
249  218  287  request_key         ipc       int    type:string description:string callout_info:string dest_keyring:enum=key_serial
250  219  288  keyctl              ipc       int    operation:enum=keyctl_op arg2:hex=keyctl_arg2 arg3:hex=keyctl_arg3 arg4:hex=keyctl_arg4 arg5:hex
"""
