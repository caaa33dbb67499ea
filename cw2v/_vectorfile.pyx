# cython: freethreading_compatible=True, boundscheck=False, wraparound=False, cdivision=True
"""The loops over the bytes of word2vec files: parsing and writing rows in buffers.

Opening files and keeping track of offsets is the task of vectorreader.py and vectorwriter.py.
Buffers, matrices and spans belong to NumPy or Python; each call borrows them.
"""

from libc.math cimport INFINITY, isinf, nextafterf
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memchr, memcpy

from fractions import Fraction
from math import ceil

cdef extern from "Python.h":
    object PyUnicode_Decode(const char *text, Py_ssize_t size, const char *encoding,
                            const char *errors)

# What parse_text_rows says about the line it stopped at.
cdef enum:
    OK                      # the buffer, the matrix or the spans are used up; no error
    NOT_A_NUMBER
    TOO_SHORT
    TOO_LONG

ROW_OK, ROW_NOT_A_NUMBER, ROW_TOO_SHORT, ROW_TOO_LONG = OK, NOT_A_NUMBER, TOO_SHORT, TOO_LONG

# A float32 in decimal takes at most 15 characters ("-1.17549435e-38"), then a separator.
TEXT_BYTES_PER_NUMBER = 16


# ---------------------------------------------------------------------------------------
# Binary rows: the word, a space, dim float32, and in Google's files a newline


def take_binary_rows(
    const uint8_t[::1] data, Py_ssize_t start, Py_ssize_t stop,
    float[:, ::1] out, Py_ssize_t row, int64_t[:, ::1] spans,
):
    """Copy the complete rows in data[start:stop] to out[row:], as many as fit.

    Writes to `spans`, (max_rows, 2), where in `data` each word begins and ends. Returns the number
    of rows copied and the offset in `data` after the last of them.
    """
    cdef Py_ssize_t row_bytes = out.shape[1] * <Py_ssize_t> sizeof(float)
    cdef Py_ssize_t room = min(spans.shape[0], out.shape[0] - row)
    cdef Py_ssize_t pos = start, word, taken = 0
    cdef const uint8_t *base = &data[0]
    cdef const uint8_t *space
    with nogil:
        while taken < room:
            word = pos
            while word < stop and base[word] == c"\n":
                word += 1
            space = <const uint8_t *> memchr(base + word, c" ", stop - word)
            if space == NULL or (base + stop) - (space + 1) < row_bytes:
                break
            memcpy(&out[row + taken, 0], space + 1, row_bytes)
            spans[taken, 0] = word
            spans[taken, 1] = space - base
            pos = (space + 1 - base) + row_bytes
            taken += 1
    return taken, pos


def pack_binary_rows(const uint8_t[::1] words, const float[:, ::1] rows, uint8_t[::1] out):
    """Write each word of `words` (every one followed by a space), its row and a newline.

    Returns the number of bytes put into `out`, which must have room for
    ``len(words) + n_rows * (4 * dim + 1)``.
    """
    cdef Py_ssize_t row_bytes = rows.shape[1] * <Py_ssize_t> sizeof(float)
    cdef Py_ssize_t row, length
    cdef const uint8_t *word = &words[0]
    cdef uint8_t *end = &out[0]
    with nogil:
        for row in range(rows.shape[0]):
            length = word_length(word)
            memcpy(end, word, length)
            end += length
            word += length
            memcpy(end, &rows[row, 0], row_bytes)
            end += row_bytes
            end[0] = c"\n"
            end += 1
    return end - &out[0]


cdef inline Py_ssize_t word_length(const uint8_t *word) noexcept nogil:
    """Return the length of a word and the space after it; the caller ensures that there is one."""
    cdef Py_ssize_t length = 0
    while word[length] != c" ":
        length += 1
    return length + 1


# ---------------------------------------------------------------------------------------
# Text rows: the word, then dim decimal numbers, one line each


def parse_text_rows(
    const uint8_t[::1] data, Py_ssize_t start, Py_ssize_t stop, bint final,
    float[:, ::1] out, Py_ssize_t row, int64_t[:, ::1] spans,
):
    """Parse the complete lines in data[start:stop] to out[row:], as many as fit.

    `final` says that the file ends at `stop`, so that the last line may lack its newline.
    Returns the number of rows parsed, the offset in `data` after the last of them, one of the
    ROW_* codes for the line there, and the offset of the error in that line.
    """
    cdef Py_ssize_t room = min(spans.shape[0], out.shape[0] - row)
    cdef Py_ssize_t pos = start, taken = 0
    cdef int status = 0
    cdef const uint8_t *base = &data[0]
    cdef const uint8_t *newline
    cdef const uint8_t *line_end
    cdef const uint8_t *word_end
    cdef const uint8_t *trouble = base + start
    with nogil:
        while taken < room and pos < stop:
            newline = <const uint8_t *> memchr(base + pos, c"\n", stop - pos)
            if newline == NULL and not final:
                break
            line_end = base + stop if newline == NULL else newline
            word_end = <const uint8_t *> memchr(base + pos, c" ", line_end - (base + pos))
            if word_end == NULL:
                word_end = line_end
            status = parse_numbers(word_end, line_end, &out[row + taken, 0], out.shape[1],
                                   &trouble)
            if status != 0:
                break
            spans[taken, 0] = pos
            spans[taken, 1] = word_end - base
            pos = (line_end - base) + (newline != NULL)
            taken += 1
    return taken, pos, status, trouble - base


cdef int parse_numbers(const uint8_t *at, const uint8_t *end, float *out, Py_ssize_t dim,
                       const uint8_t **trouble) noexcept nogil:
    """Parse exactly `dim` numbers; return a ROW_* code, and the place of an error in `trouble`."""
    cdef Py_ssize_t n
    for n in range(dim):
        at = skip_blanks(at, end)
        trouble[0] = at
        if at == end:
            return TOO_SHORT
        at = parse_number(at, end, &out[n])
        if at == NULL:
            return NOT_A_NUMBER
    at = skip_blanks(at, end)
    trouble[0] = at
    return OK if at == end else TOO_LONG


cdef inline bint is_blank(uint8_t byte) noexcept nogil:
    return byte == c" " or byte == c"\t" or byte == c"\r"


cdef inline const uint8_t *skip_blanks(const uint8_t *at, const uint8_t *end) noexcept nogil:
    while at != end and is_blank(at[0]):
        at += 1
    return at


# 10**0 .. 10**60, each rounded once to double; exact up to 10**22.
cdef double[61] POW10
for _n in range(61):
    POW10[_n] = float(f"1e{_n}")


cdef const uint8_t *parse_number(const uint8_t *at, const uint8_t *end,
                                 float *out) noexcept nogil:
    """Parse one number, rounded once to float32; return the place after it, or NULL."""
    cdef const uint8_t *begin = at
    cdef uint64_t digits = 0        # the first 19 significant digits
    cdef int n_digits = 0, exponent = 0, written = 0
    cdef bint negative = False, negative_exponent = False, any_digit = False
    cdef double value
    cdef uint64_t bits
    cdef int64_t to_tie

    if at[0] == c"-" or at[0] == c"+":
        negative = at[0] == c"-"
        at += 1
    while at != end and c"0" <= at[0] <= c"9":
        any_digit = True
        if n_digits < 19:
            digits = digits * 10 + (at[0] - c"0")
            n_digits += digits != 0
        else:
            exponent += 1
        at += 1
    if at != end and at[0] == c".":
        at += 1
        while at != end and c"0" <= at[0] <= c"9":
            any_digit = True
            if n_digits < 19:
                digits = digits * 10 + (at[0] - c"0")
                n_digits += digits != 0
                exponent -= 1
            at += 1
    if any_digit and at != end and (at[0] == c"e" or at[0] == c"E"):
        at += 1
        if at != end and (at[0] == c"-" or at[0] == c"+"):
            negative_exponent = at[0] == c"-"
            at += 1
        any_digit = False
        while at != end and c"0" <= at[0] <= c"9" and written < 10000:
            any_digit = True
            written = written * 10 + (at[0] - c"0")
            at += 1
        exponent += -written if negative_exponent else written
    if not any_digit or (at != end and not is_blank(at[0])) or not -60 <= exponent <= 60:
        return parse_slowly(begin, end, out)
    if digits == 0:
        out[0] = -0.0 if negative else 0.0
        return at

    value = <double> digits
    value = value / POW10[-exponent] if exponent < 0 else value * POW10[exponent]
    # `value` differs from the exact number by at most 3 units in the last place. It rounds to the
    # right float32 except next to a tie, a double whose 29 lowest bits are 100..0. There, and
    # outside float32's normal range, the slow and exact parser decides.
    memcpy(&bits, &value, sizeof(bits))
    to_tie = <int64_t> (bits & 0x1FFFFFFF) - 0x10000000
    if -8 <= to_tie <= 8 or value < 1.2e-38 or value > 3.4e38:
        return parse_slowly(begin, end, out)
    out[0] = -<float> value if negative else <float> value
    return at


cdef const uint8_t *parse_slowly(const uint8_t *begin, const uint8_t *end,
                                 float *out) noexcept nogil:
    cdef const uint8_t *at = begin
    while at != end and not is_blank(at[0]):
        at += 1
    return at if parse_with_python(begin, at - begin, out) else NULL


cdef bint parse_with_python(const uint8_t *text, Py_ssize_t size, float *out) noexcept with gil:
    try:
        out[0] = exact_float32((<const char *> text)[:size])
    except ValueError:
        return False
    return True


def exact_float32(text: bytes) -> float:
    """Return the number in `text` rounded once to float32 (by float() it would be twice)."""
    cdef double value = float(text)
    cdef float single = <float> value
    cdef float other
    cdef double tie
    if value != value or isinf(value) or <double> single == value:
        return single
    other = nextafterf(single, INFINITY if single < value else -INFINITY)
    # Half way between two float32 is a double; 2**128 stands for float32's infinity.
    tie = finite(single) / 2 + finite(other) / 2
    if value != tie:
        return single
    written, halfway = Fraction(text.decode("ascii")), Fraction(tie)
    if written == halfway:
        return single          # the cast rounded to the even one
    return max(single, other) if written > halfway else min(single, other)


cdef double finite(float value) noexcept nogil:
    if isinf(value):
        return 2.0 ** 128 if value > 0 else -(2.0 ** 128)
    return value


# ---------------------------------------------------------------------------------------
# Printing: the shortest decimal that reads back as the same float32, as NumPy's str


def print_text_rows(const uint8_t[::1] words, const float[:, ::1] rows, uint8_t[::1] out):
    """Write each word of `words` (every one followed by a space), its row and a newline.

    Returns the number of bytes put into `out`, which must have room for
    ``len(words) + n_rows * dim * TEXT_BYTES_PER_NUMBER``.
    """
    cdef Py_ssize_t row, n, length, dim = rows.shape[1]
    cdef const uint8_t *word = &words[0]
    cdef uint8_t *end = &out[0]
    with nogil:
        for row in range(rows.shape[0]):
            length = word_length(word)
            memcpy(end, word, length)
            end += length
            word += length
            for n in range(dim):
                end = print_number(rows[row, n], end)
                end[0] = c" "
                end += 1
            (end - 1)[0] = c"\n"
    return end - &out[0]


# 10**k for k = -31..45 as 64 bits: ceil(10**k * 2**s) with s such that the top bit is set.
cdef uint64_t[77] POW10_BITS
for _n in range(77):
    _shift = 63 - ((_n - 31) * 1741647 >> 19)       # 63 - floor(log2(10**k))
    POW10_BITS[_n] = ceil(Fraction(10) ** (_n - 31) * Fraction(2) ** _shift)


cdef inline uint32_t times_power(uint64_t power, uint32_t factor) noexcept nogil:
    """Return the upper 32 bits of power * factor, the last bit set if lower bits are not 0."""
    cdef uint64_t low = <uint64_t> (<uint32_t> power) * factor
    cdef uint64_t high = (power >> 32) * factor + (low >> 32)
    return <uint32_t> (high >> 32) | (<uint32_t> high > 1)


cdef int32_t shortest_decimal(uint32_t bits, uint32_t *digits) noexcept nogil:
    """Find the shortest digits * 10**k that reads back as a positive float32; return k.

    Of several, it is the nearest. This is Raffaello Giulietti's Schubfach (2020): among the
    decimals with the last place 10**k, where 10**k is about the spacing of floats here, at most
    four have to be compared.
    """
    cdef uint32_t fraction = bits & 0x7FFFFF, biased = bits >> 23
    cdef uint32_t c = fraction | 0x800000 if biased else fraction
    cdef int32_t q = <int32_t> biased - 150 if biased else -149
    cdef bint odd = c & 1
    # Below a power of two floats are twice as dense, so that its lower border is nearer.
    cdef bint uneven = fraction == 0 and biased > 1
    # k = floor(log10(2**q)), or of 3/4 * 2**q
    cdef int32_t k = (q * 1262611 - (524031 if uneven else 0)) >> 22
    cdef int32_t h = q + ((-k * 1741647) >> 19) + 1
    cdef uint64_t power = POW10_BITS[-k + 31]
    # Four times the value and its two borders, in units of 10**k
    cdef uint32_t lower = times_power(power, (4 * c - 2 + uneven) << h) + odd
    cdef uint32_t middle = times_power(power, (4 * c) << h)
    cdef uint32_t upper = times_power(power, (4 * c + 2) << h) - odd
    cdef uint32_t s = middle >> 2, tens
    cdef bint down, up
    if s >= 10:
        tens = s // 10
        down = lower <= 40 * tens
        up = 40 * tens + 40 <= upper
        if down != up:
            digits[0] = tens + up
            return k + 1
    down = lower <= 4 * s
    up = 4 * s + 4 <= upper
    if down == up:
        up = middle > 4 * s + 2 or (middle == 4 * s + 2 and s & 1)
    digits[0] = s + up
    return k


cdef uint8_t *print_number(float value, uint8_t *end) noexcept nogil:
    """Write `value` as str(numpy.float32(value)) does; return the place after it."""
    cdef uint32_t bits, digits
    cdef int32_t exponent, n_digits = 0, point, n
    cdef uint8_t[16] text
    memcpy(&bits, &value, sizeof(bits))
    if (bits & 0x7FFFFFFF) > 0x7F800000:
        memcpy(end, b"nan", 3)
        return end + 3
    if bits >> 31:
        end[0] = c"-"
        end += 1
        bits &= 0x7FFFFFFF
    if bits == 0x7F800000:
        memcpy(end, b"inf", 3)
        return end + 3
    if bits == 0:
        memcpy(end, b"0.0", 3)
        return end + 3

    exponent = shortest_decimal(bits, &digits)
    while digits % 10 == 0:
        digits //= 10
        exponent += 1
    while digits:
        text[n_digits] = <uint8_t> (c"0" + digits % 10)      # the last digit first
        digits //= 10
        n_digits += 1
    point = n_digits + exponent             # digits before the decimal point
    # NumPy writes 0.0001 up to 1e6 without an exponent. The float32 nearest to 0.0001 is
    # below it, which is why the border in bits is one above it.
    if bits > 0x38D1B717 and point <= 6:
        if point <= 0:
            memcpy(end, b"0.", 2)
            end += 2
            for n in range(-point):
                end[n] = c"0"
            end += -point
        for n in range(n_digits):
            if n == point and n > 0:
                end[0] = c"."
                end += 1
            end[0] = text[n_digits - 1 - n]
            end += 1
        if point >= n_digits:
            for n in range(point - n_digits):
                end[n] = c"0"
            end += point - n_digits
            memcpy(end, b".0", 2)
            end += 2
        return end

    end[0] = text[n_digits - 1]
    end += 1
    if n_digits > 1:
        end[0] = c"."
        end += 1
    for n in range(1, n_digits):
        end[0] = text[n_digits - 1 - n]
        end += 1
    exponent = point - 1
    end[0] = c"e"
    end[1] = c"-" if exponent < 0 else c"+"
    exponent = -exponent if exponent < 0 else exponent
    end[2] = <uint8_t> (c"0" + exponent // 10)
    end[3] = <uint8_t> (c"0" + exponent % 10)
    return end + 4


# ---------------------------------------------------------------------------------------


def decode_words(
    const uint8_t[::1] data, const int64_t[:, ::1] spans, Py_ssize_t count,
    encoding: bytes, errors: bytes, words: list,
):
    """Append the words at spans[:count] of `data` to `words`.

    Raises UnicodeDecodeError for the first that cannot be decoded; the words before it were
    appended by then.
    """
    cdef const char *base = <const char *> &data[0]
    cdef const char *c_encoding = encoding
    cdef const char *c_errors = errors
    cdef Py_ssize_t n
    for n in range(count):
        words.append(PyUnicode_Decode(base + spans[n, 0], spans[n, 1] - spans[n, 0],
                                      c_encoding, c_errors))
