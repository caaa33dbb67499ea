"""What an opcode of a pickle does, as far as it costs time or memory."""

from libc.stdint cimport int8_t, uint8_t

cdef enum:
    MARKED = -1               # instead of a number of slots: all down to the last mark


# What follows an opcode.
cdef enum Form:
    FIXED                     # `width` bytes
    LINES                     # `width` lines
    SIZED                     # a length of `width` bytes, and so many bytes
    SIGNED                    # the same, with a sign


# What an opcode does besides popping slots from the stack and pushing one.
cdef enum Special:
    UNKNOWN                   # there is no such opcode
    ORDINARY
    OUTSIDE                   # asks for objects outside the pickle
    NEEDLESS                  # no gensim model has it
    NUMBER                    # a line of digits
    TO_MARK
    POP
    DUP
    GET
    PUT
    MEMOIZE
    FRAME
    STOP


# Which of the popped slots are hashed, or are the arguments of a function.
cdef enum Charge:
    NOTHING
    KEYS                      # every other, from the first on
    ALL


# What is pushed on the stack.
cdef enum Gives:
    NO_SLOT
    VALUE                     # with the cost of the opcode's argument
    SUM                       # a tuple or frozenset of the popped slots


cdef struct Opcode:
    Form form
    Special special
    Charge charge
    Gives gives
    int8_t takes              # slots that it pops, or MARKED
    uint8_t width
    uint8_t below             # slots that must be below those


cdef int fill_in_opcodes(Opcode *opcodes) except -1    # (256,)
