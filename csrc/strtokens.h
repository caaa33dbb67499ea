/* csrc/strtokens.h - what _tokens.pyx needs of Python's C API and Cython cannot express. Uses
 * the stable ABI only. */
#ifndef CW2V_STRTOKENS_H
#define CW2V_STRTOKENS_H

#include <Python.h>
#include <stdint.h>
#include <string.h>

/* The C function of str.isascii, as the stable ABI has no faster test. NULL if Python no longer
 * implements it as such a function: then no str counts as ASCII, which is slower but correct. */
static PyCFunction cw2v_isascii;
static int cw2v_true_is_counted; /* False and True are reference counted, not immortal */

/* Set both from the bound method "".isascii; called once, at import. */
static void cw2v_find_isascii(PyObject *method)
{
    if (!PyCFunction_Check(method) || PyCFunction_GetFlags(method) != METH_NOARGS)
        return;
    cw2v_isascii = PyCFunction_GetFunction(method);
    /* Since Python 3.12 True is immortal, and a call does not change its reference count. But
     * Py_DECREF as compiled with the headers of 3.11 would decrement it, and after some 2^31 tokens
     * it would not be immortal any more. */
    Py_ssize_t before = Py_REFCNT(Py_True);
    (void)cw2v_isascii(PyCFunction_GetSelf(method), NULL);
    cw2v_true_is_counted = Py_REFCNT(Py_True) != before;
    if (cw2v_true_is_counted)
        Py_DECREF(Py_True);
}

/* 1 if a str is ASCII, 0 if it is not or this is unknown, -1 with an exception set. */
static inline int cw2v_is_ascii(PyObject *text)
{
    if (!cw2v_isascii)
        return 0;
    PyObject *answer = cw2v_isascii(text, NULL);
    if (!answer)
        return -1;
    if (cw2v_true_is_counted)
        Py_DECREF(answer);
    return answer == Py_True;
}

/* Copy the bytes of a word, at least one, to `out`, which has space for 16 or `length` bytes. Words
 * of up to 16 bytes are copied without a branch on their length, which would be mispredicted: the
 * bytes after them are read as well, which is safe within the same page. */
#if defined(__GNUC__)
__attribute__((no_sanitize("address"), no_sanitize("thread")))
#endif
static inline void cw2v_copy_word(uint8_t *out, const char *bytes, Py_ssize_t length)
{
    if (length <= 16 && ((uintptr_t)bytes & 4095) <= 4096 - 16)
        memcpy(out, bytes, 16);
    else
        memcpy(out, bytes, (size_t)length);
}

/* list[index] as a new reference, because without a GIL other threads may change the list; NULL
 * with an exception set. */
static inline PyObject *cw2v_item(PyObject *list, Py_ssize_t index)
{
#ifdef Py_GIL_DISABLED
    return PyList_GetItemRef(list, index);
#else
    PyObject *item = PyList_GetItem(list, index);
    Py_XINCREF(item);
    return item;
#endif
}

#endif
