# cython: boundscheck=False, wraparound=False, freethreading_compatible=True
"""Checks what a pickle's opcodes would cost, before it is unpickled; none of them is run."""

import pickle
import pickletools

cimport cython

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memchr

from cw2v._opcodes cimport (
    DUP, FIXED, FRAME, GET, KEYS, LINES, MARKED, MEMOIZE, NO_SLOT, NOTHING, NUMBER, ORDINARY,
    OUTSIDE, POP, PUT, SIGNED, STOP, SUM, TO_MARK, UNKNOWN, Charge, Opcode, Special,
    fill_in_opcodes,
)


class OpcodeError(pickle.UnpicklingError):
    """A pickle is damaged, or would take far more time or memory than its size."""


class OutsideError(OpcodeError):
    """An opcode asks for an object that is not in the pickle.

    Attributes
    ----------
    opcode : str
    code : int or None
        The code of an extension of `copyreg`, if it asks for that.
    """

    def __init__(self, reason, opcode, code):
        super().__init__(reason)
        self.opcode = opcode
        self.code = code


cdef enum:
    DEEPEST = 100             # nested tuples and frozensets, whose hashing is recursive
    LONGEST_NUMBER = 616      # characters of the largest number of LONG1, 255 bytes, and an L
    BYTES_A_STEP = 32         # bytes hashed or compared in the time of one element of a tuple
    LINE_END = 10

cdef uint64_t FREE_STEPS = 1 << 16
cdef uint64_t STEPS_A_BYTE = 4     # of the pickle; real ones take less than 1
cdef uint64_t COSTLIEST = 1 << 31  # the largest cost of a slot


cdef struct Slot:             # of the stack or the memo
    uint32_t cost             # steps of hashing or comparing it; 0 for an empty slot of the memo
    uint32_t depth            # of nested tuples and frozensets


cdef struct Argument:
    Py_ssize_t begin          # in the buffer
    Py_ssize_t length
    Py_ssize_t end            # where the next opcode is


# How a step of the walk ends.
cdef enum State:
    GOES_ON
    ENDED                     # STOP was read
    WANTS_MORE                # bytes
    BAD_OPCODE
    BAD_LENGTH
    BAD_NUMBER
    BAD_FRAME
    BAD_INDEX
    NOT_IN_MEMO
    NOTHING_ON_STACK
    NO_MARK
    TOO_DEEP
    TOO_COSTLY
    IS_OUTSIDE
    IS_NEEDLESS
    NO_MEMORY


_REASONS = {
    BAD_OPCODE: "there is no such opcode",
    BAD_LENGTH: "a length is less than 0",
    BAD_NUMBER: "this is no whole number of less than 256 bytes",
    BAD_FRAME: "it is not wholly in its frame",
    BAD_INDEX: "the index in the memo is larger than the number of opcodes before it",
    NOT_IN_MEMO: "nothing was put at this index in the memo",
    NOTHING_ON_STACK: "the stack has too few objects above its last mark",
    NO_MARK: "the stack has no mark",
    TOO_DEEP: f"tuples or frozensets are in one another more than {DEEPEST} deep",
    TOO_COSTLY: "tuples, keys or arguments refer to the same objects over and over, "
                "which may take hours",
    IS_OUTSIDE: "it asks for an object outside of the pickle",
    IS_NEEDLESS: "no model of gensim's has this opcode",
}


_NAMES = {ord(info.code): info.name for info in pickletools.opcodes}

cdef Opcode OPCODES[256]
fill_in_opcodes(OPCODES)


@cython.final
cdef class PickleWalk:
    """Follows a pickle's opcodes, and refuses those that would cost far more than their size.

    It simulates the stack and the memo. Each object is represented by the number of steps that
    hashing it takes: 1, and 1 for every 32 bytes of text; for a tuple or frozenset, 1 and the steps
    of its elements. So it detects tuples that hold the same tuple twice, 40 times over.

    Attributes
    ----------
    place : int
        Bytes read: the offset of the next opcode or, after `STOP`, of the end of the pickle.
    """

    cdef Slot *stack
    cdef Py_ssize_t height, stack_room
    cdef Py_ssize_t *marks        # heights of the stack
    cdef Py_ssize_t n_marks, marks_room
    cdef Slot *memo
    cdef Py_ssize_t n_in_memo, memo_room
    cdef readonly Py_ssize_t place
    cdef Py_ssize_t frame_end
    cdef uint64_t n_opcodes, steps

    def __dealloc__(self):
        free(self.stack)
        free(self.marks)
        free(self.memo)

    def follow(self, const uint8_t[::1] data not None):
        """Continue to the end of the pickle, or as far as there are bytes.

        Parameters
        ----------
        data : buffer of bytes
            The pickle from its beginning, longer than in the last call.

        Returns
        -------
        bool
            Whether the end was found; otherwise more bytes are needed.

        Raises
        ------
        OutsideError
            An opcode asks for an object that is not in the pickle.
        OpcodeError
            The pickle is refused; the message has the reason, the opcode and its offset.
        MemoryError
        """
        cdef State state = WANTS_MORE
        cdef Py_ssize_t n = data.shape[0]
        if n:
            with nogil:
                state = self.walk(&data[0], n)
        if state == WANTS_MORE:
            return False
        if state == ENDED:
            return True
        if state == NO_MEMORY:
            raise MemoryError("no memory for the memo of a pickle")
        raise self.error(data, state)

    def error_at_end(self, const uint8_t[::1] data not None):
        """Return the error of a file that ends where `follow` needs more bytes."""
        if self.place < data.shape[0]:
            name = _NAMES.get(data[self.place], "")
            return OpcodeError(f"it ends inside the opcode {name} at byte {self.place}")
        return OpcodeError(f"it ends at byte {self.place}, before the opcode STOP")

    def error(self, const uint8_t[::1] data not None, State state):
        """Return the error of the opcode here."""
        cdef uint8_t opcode = data[self.place]
        name = _NAMES.get(opcode, hex(opcode))
        reason = f"opcode {name} at byte {self.place}: {_REASONS[state]}"
        if state != IS_OUTSIDE:
            return OpcodeError(reason)
        code = None
        if name.startswith("EXT"):
            last = self.place + 1 + OPCODES[opcode].width
            code = int.from_bytes(data[self.place + 1:last], "little")
        return OutsideError(reason, name, code)

    cdef State walk(self, const uint8_t *data, Py_ssize_t n) noexcept nogil:
        cdef const Opcode *opcode
        cdef Argument argument = Argument(0, 0, 0)
        cdef State state
        while self.place < n:
            opcode = &OPCODES[data[self.place]]
            if opcode.special == UNKNOWN:
                return BAD_OPCODE
            state = find_argument(opcode, data, self.place + 1, n, &argument)
            if state != GOES_ON:
                return state
            # Python continues after the frame if an opcode goes beyond it.
            if self.place < self.frame_end < argument.end:
                return BAD_FRAME
            state = self.do(opcode, data, argument)
            if state > ENDED:
                return state
            self.place = argument.end
            self.n_opcodes += 1
            if state == ENDED:
                return ENDED
        return WANTS_MORE

    cdef State do(self, const Opcode *opcode, const uint8_t *data,
                  Argument argument) noexcept nogil:
        """Simulate what an opcode does to the stack and the memo."""
        cdef Special special = opcode.special
        if special == ORDINARY:
            return self.take_and_give(opcode, argument)
        if special == NUMBER:
            if argument.length > LONGEST_NUMBER:
                return BAD_NUMBER
            return self.take_and_give(opcode, argument)
        if special == TO_MARK:
            return self.mark()
        if special == GET or special == PUT:
            return self.use_memo(opcode, data, argument)
        if special == MEMOIZE:
            return self.put(self.n_in_memo)
        if special == POP:
            return self.pop()
        if special == DUP:
            if self.height == self.fence():
                return NOTHING_ON_STACK
            return self.push(self.stack[self.height - 1])
        if special == FRAME:
            return self.begin_frame(data, argument)
        if special == STOP:
            if self.height == self.fence():
                return NOTHING_ON_STACK
            return BAD_FRAME if argument.end < self.frame_end else ENDED
        return IS_OUTSIDE if special == OUTSIDE else IS_NEEDLESS

    # -- the stack --------------------------------------------------------------------------

    cdef Py_ssize_t fence(self) noexcept nogil:
        """Return the height of the last mark."""
        return self.marks[self.n_marks - 1] if self.n_marks else 0

    cdef State take_and_give(self, const Opcode *opcode, Argument argument) noexcept nogil:
        cdef Py_ssize_t first = self.height - opcode.takes
        cdef Slot made
        cdef State state
        if opcode.takes == MARKED:
            if self.n_marks == 0:
                return NO_MARK
            first = self.fence()
            self.n_marks -= 1
        if first - opcode.below < self.fence():
            return NOTHING_ON_STACK
        if opcode.charge != NOTHING and not self.charge(opcode.charge, first):
            return TOO_COSTLY
        if opcode.gives == SUM:
            state = self.sum(first, &made)
            if state != GOES_ON:
                return state
        else:
            made.cost = <uint32_t> min(1 + <uint64_t> argument.length // BYTES_A_STEP, COSTLIEST)
            made.depth = 0
        self.height = first
        return GOES_ON if opcode.gives == NO_SLOT else self.push(made)

    cdef uint64_t limit(self) noexcept nogil:
        """Return how many steps a pickle may take for the bytes read so far."""
        return FREE_STEPS + STEPS_A_BYTE * <uint64_t> self.place

    cdef bint charge(self, Charge charge, Py_ssize_t first) noexcept nogil:
        """Count the steps for the slots from `first` on; return whether the limit allows them."""
        cdef Py_ssize_t i = first
        while i < self.height:
            self.steps += self.stack[i].cost
            i += 2 if charge == KEYS else 1
        return self.steps <= self.limit()

    cdef State sum(self, Py_ssize_t first, Slot *made) noexcept nogil:
        """Write to `made` the slot of a tuple or frozenset of the slots from `first` on."""
        cdef uint64_t cost = 1
        cdef uint32_t depth = 0
        cdef Py_ssize_t i
        for i in range(first, self.height):
            cost += self.stack[i].cost
            depth = max(depth, self.stack[i].depth)
        if cost > min(self.limit(), COSTLIEST):
            return TOO_COSTLY
        if depth == DEEPEST:
            return TOO_DEEP
        made.cost = <uint32_t> cost
        made.depth = depth + 1
        return GOES_ON

    cdef State push(self, Slot slot) noexcept nogil:
        cdef Slot *grown
        if self.height == self.stack_room:
            grown = <Slot *> enlarged(self.stack, &self.stack_room, 0, sizeof(Slot))
            if grown == NULL:
                return NO_MEMORY
            self.stack = grown
        self.stack[self.height] = slot
        self.height += 1
        return GOES_ON

    cdef State mark(self) noexcept nogil:
        cdef Py_ssize_t *grown
        if self.n_marks == self.marks_room:
            grown = <Py_ssize_t *> enlarged(self.marks, &self.marks_room, 0, sizeof(Py_ssize_t))
            if grown == NULL:
                return NO_MEMORY
            self.marks = grown
        self.marks[self.n_marks] = self.height
        self.n_marks += 1
        return GOES_ON

    cdef State pop(self) noexcept nogil:
        """Remove the last slot or the last mark, whichever is above the other."""
        if self.height > self.fence():
            self.height -= 1
        elif self.n_marks:
            self.n_marks -= 1
        else:
            return NOTHING_ON_STACK
        return GOES_ON

    # -- the memo ---------------------------------------------------------------------------

    cdef State use_memo(self, const Opcode *opcode, const uint8_t *data,
                        Argument argument) noexcept nogil:
        """Do GET or PUT at the index that is the opcode's argument."""
        cdef uint64_t index = 0
        if opcode.form == FIXED:
            index = whole_number(data + argument.begin, argument.length)
        elif not digits(data + argument.begin, argument.length, &index):
            return BAD_NUMBER
        if index > self.n_opcodes:
            return BAD_INDEX
        if opcode.special == PUT:
            return self.put(<Py_ssize_t> index)
        if index >= <uint64_t> self.memo_room or self.memo[index].cost == 0:
            return NOT_IN_MEMO
        return self.push(self.memo[index])

    cdef State put(self, Py_ssize_t index) noexcept nogil:
        cdef Slot *grown
        cdef Py_ssize_t before = self.memo_room, i
        if self.height == self.fence():
            return NOTHING_ON_STACK
        if index >= self.memo_room:
            grown = <Slot *> enlarged(self.memo, &self.memo_room, index, sizeof(Slot))
            if grown == NULL:
                return NO_MEMORY
            self.memo = grown
            for i in range(before, self.memo_room):
                self.memo[i].cost = 0
        self.n_in_memo += self.memo[index].cost == 0
        self.memo[index] = self.stack[self.height - 1]
        return GOES_ON

    # -- frames -----------------------------------------------------------------------------

    cdef State begin_frame(self, const uint8_t *data, Argument argument) noexcept nogil:
        cdef uint64_t length = whole_number(data + argument.begin, argument.length)
        if self.place < self.frame_end or length > <uint64_t> 1 << 62:
            return BAD_FRAME
        self.frame_end = argument.end + <Py_ssize_t> length
        return GOES_ON


cdef void *enlarged(void *old, Py_ssize_t *room, Py_ssize_t index, size_t size) noexcept nogil:
    """Reallocate for twice as many items, at least `index` + 1; return NULL without memory."""
    cdef Py_ssize_t larger = 2 * max(room[0], index) + 64
    cdef void *grown = realloc(old, <size_t> larger * size)
    if grown != NULL:
        room[0] = larger
    return grown


cdef State find_argument(const Opcode *opcode, const uint8_t *data, Py_ssize_t begin,
                         Py_ssize_t n, Argument *argument) noexcept nogil:
    """Find what follows an opcode."""
    cdef uint64_t length = opcode.width
    if opcode.form == LINES:
        return find_lines(data, begin, n, opcode.width, argument)
    if opcode.form != FIXED:
        if n - begin < opcode.width:
            return WANTS_MORE
        length = whole_number(data + begin, opcode.width)
        if opcode.form == SIGNED:
            if length >> 31:
                return BAD_LENGTH
        begin += opcode.width
    if length > <uint64_t> (n - begin):
        return WANTS_MORE
    argument.begin = begin
    argument.length = <Py_ssize_t> length
    argument.end = begin + <Py_ssize_t> length
    return GOES_ON


cdef State find_lines(const uint8_t *data, Py_ssize_t begin, Py_ssize_t n, int n_lines,
                      Argument *argument) noexcept nogil:
    """Find the lines after an opcode; `length` becomes that of the last."""
    cdef const uint8_t *newline
    argument.end = begin
    for _ in range(n_lines):
        argument.begin = argument.end
        newline = <const uint8_t *> memchr(data + argument.begin, LINE_END, n - argument.begin)
        if newline == NULL:
            return WANTS_MORE
        argument.length = newline - data - argument.begin
        argument.end = argument.begin + argument.length + 1
    return GOES_ON


cdef uint64_t whole_number(const uint8_t *data, Py_ssize_t n) noexcept nogil:
    """Return the little-endian number of n bytes."""
    cdef uint64_t number = 0
    cdef Py_ssize_t i
    for i in range(n):
        number |= <uint64_t> data[i] << 8 * i
    return number


cdef bint digits(const uint8_t *data, Py_ssize_t n, uint64_t *number) noexcept nogil:
    """Parse decimal digits; return whether they are fewer than 16 digits and nothing else."""
    cdef Py_ssize_t i
    number[0] = 0
    if not 0 < n < 16:
        return False
    for i in range(n):
        if not c'0' <= data[i] <= c'9':
            return False
        number[0] = 10 * number[0] + (data[i] - c'0')
    return True
