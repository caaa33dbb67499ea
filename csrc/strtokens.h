/* csrc/strtokens.h - what lists of str need of Python and Cython has no words for; within the
 * stable ABI. */
#ifndef CW2V_STRTOKENS_H
#define CW2V_STRTOKENS_H

#include <Python.h>
#include <stdint.h>
#include <string.h>

/* str.isascii, found once at import: the stable ABI has no quicker way to ask. NULL where it is
 * not what it was: then no str is known to be ASCII, which costs only time. */
static PyCFunction cw2v_isascii;
static int cw2v_answers_are_counted; /* each is a reference to be given back */

static void cw2v_find_isascii(PyObject *method)
{
    if (!PyCFunction_Check(method) || PyCFunction_GetFlags(method) != METH_NOARGS)
        return;
    cw2v_isascii = PyCFunction_GetFunction(method);
    /* Where True is immortal, nothing is counted. The Py_DECREF of Python 3.11's headers, which
     * know no immortals, would count all the same, and wear it out within 2^31 tokens. */
    Py_ssize_t before = Py_REFCNT(Py_True);
    (void)cw2v_isascii(PyCFunction_GetSelf(method), NULL);
    cw2v_answers_are_counted = Py_REFCNT(Py_True) != before;
    if (cw2v_answers_are_counted)
        Py_DECREF(Py_True);
}

static inline int cw2v_is_ascii(PyObject *text)
{
    if (!cw2v_isascii)
        return 0;
    PyObject *answer = cw2v_isascii(text, NULL);
    if (!answer)
        return -1;
    if (cw2v_answers_are_counted)
        Py_DECREF(answer);
    return answer == Py_True;
}

/* Copy a word's bytes, at least one; there is room for 16. Nothing branches on the length of a
 * short one: what follows it is read too, which cannot fail in the same page. */
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

/* An item as a new reference: without a GIL, others may change the list meanwhile. */
static inline PyObject *cw2v_item(PyObject *list, Py_ssize_t place)
{
#ifdef Py_GIL_DISABLED
    return PyList_GetItemRef(list, place);
#else
    PyObject *item = PyList_GetItem(list, place);
    Py_XINCREF(item);
    return item;
#endif
}

#endif
