# cython: boundscheck=False, wraparound=False, freethreading_compatible=True
"""The table of a pickle's opcodes: what each pops from the stack and pushes on it."""

import pickletools

# For each opcode by its name in `pickletools`: Special, takes, below, Charge, Gives.
_VALUE = (ORDINARY, 0, 0, NOTHING, VALUE)
_EFFECTS = {
    **dict.fromkeys((
        "BININT", "BININT1", "BININT2", "LONG1", "FLOAT", "BINFLOAT",
        "NONE", "NEWTRUE", "NEWFALSE",
        "STRING", "BINSTRING", "SHORT_BINSTRING",
        "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8",
        "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8",
        "EMPTY_LIST", "EMPTY_TUPLE", "EMPTY_DICT", "EMPTY_SET", "GLOBAL",
    ), _VALUE),
    "INT": (NUMBER, 0, 0, NOTHING, VALUE),
    "LONG": (NUMBER, 0, 0, NOTHING, VALUE),
    "APPEND": (ORDINARY, 1, 1, NOTHING, NO_SLOT),
    "APPENDS": (ORDINARY, MARKED, 1, NOTHING, NO_SLOT),
    "LIST": (ORDINARY, MARKED, 0, NOTHING, VALUE),
    "TUPLE": (ORDINARY, MARKED, 0, NOTHING, SUM),
    "TUPLE1": (ORDINARY, 1, 0, NOTHING, SUM),
    "TUPLE2": (ORDINARY, 2, 0, NOTHING, SUM),
    "TUPLE3": (ORDINARY, 3, 0, NOTHING, SUM),
    "DICT": (ORDINARY, MARKED, 0, KEYS, VALUE),
    "SETITEM": (ORDINARY, 2, 1, KEYS, NO_SLOT),
    "SETITEMS": (ORDINARY, MARKED, 1, KEYS, NO_SLOT),
    "ADDITEMS": (ORDINARY, MARKED, 1, ALL, NO_SLOT),
    "FROZENSET": (ORDINARY, MARKED, 0, ALL, SUM),
    "STACK_GLOBAL": (ORDINARY, 2, 0, NOTHING, VALUE),
    "REDUCE": (ORDINARY, 2, 0, ALL, VALUE),
    "NEWOBJ": (ORDINARY, 2, 0, ALL, VALUE),
    "OBJ": (ORDINARY, MARKED, 0, ALL, VALUE),
    "INST": (ORDINARY, MARKED, 0, ALL, VALUE),
    "BUILD": (ORDINARY, 1, 1, NOTHING, NO_SLOT),
    "POP_MARK": (ORDINARY, MARKED, 0, NOTHING, NO_SLOT),
    "PROTO": (ORDINARY, 0, 0, NOTHING, NO_SLOT),
    "MARK": (TO_MARK, 0, 0, NOTHING, NO_SLOT),
    "POP": (POP, 0, 0, NOTHING, NO_SLOT),
    "DUP": (DUP, 0, 1, NOTHING, NO_SLOT),
    "GET": (GET, 0, 0, NOTHING, NO_SLOT),
    "BINGET": (GET, 0, 0, NOTHING, NO_SLOT),
    "LONG_BINGET": (GET, 0, 0, NOTHING, NO_SLOT),
    "PUT": (PUT, 0, 1, NOTHING, NO_SLOT),
    "BINPUT": (PUT, 0, 1, NOTHING, NO_SLOT),
    "LONG_BINPUT": (PUT, 0, 1, NOTHING, NO_SLOT),
    "MEMOIZE": (MEMOIZE, 0, 1, NOTHING, NO_SLOT),
    "FRAME": (FRAME, 0, 0, NOTHING, NO_SLOT),
    "STOP": (STOP, 1, 0, NOTHING, NO_SLOT),
    **dict.fromkeys(("EXT1", "EXT2", "EXT4", "PERSID", "BINPERSID", "NEXT_BUFFER",
                     "READONLY_BUFFER"), (OUTSIDE, 0, 0, NOTHING, NO_SLOT)),
    # Whole numbers of more than 255 bytes; arguments with names.
    **dict.fromkeys(("LONG4", "NEWOBJ_EX"), (NEEDLESS, 0, 0, NOTHING, NO_SLOT)),
}

# Values of `n` of an argument in `pickletools` that are not numbers of bytes.
_FORMS = {
    pickletools.UP_TO_NEWLINE: (LINES, 1),
    pickletools.TAKEN_FROM_ARGUMENT1: (SIZED, 1),
    pickletools.TAKEN_FROM_ARGUMENT4: (SIGNED, 4),
    pickletools.TAKEN_FROM_ARGUMENT4U: (SIZED, 4),
    pickletools.TAKEN_FROM_ARGUMENT8U: (SIZED, 8),
}


cdef int fill_in_opcodes(Opcode *opcodes) except -1:
    """Fill in all 256 opcodes: what they do from `_EFFECTS`, arguments from `pickletools`."""
    cdef Opcode *opcode
    cdef int i
    for i in range(256):
        opcodes[i].special = UNKNOWN
    for info in pickletools.opcodes:
        if info.name not in _EFFECTS:
            continue
        opcode = &opcodes[<int> ord(info.code)]
        (opcode.special, opcode.takes, opcode.below, opcode.charge,
         opcode.gives) = _EFFECTS[info.name]
        n = 0 if info.arg is None else info.arg.n
        opcode.form, opcode.width = _FORMS.get(n, (FIXED, n))
        if info.arg is pickletools.stringnl_noescape_pair:
            opcode.width = 2
    return 0
