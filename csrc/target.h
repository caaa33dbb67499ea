/* csrc/target.h - compile some functions for CPU features that the build's flags do not ask for.
 *
 * They stand between TARGET_BEGIN("feature,...") and TARGET_END (GCC and Clang only). Include the
 * standard headers before, so that their inline functions are not affected. */

#ifndef CW2V_TARGET_H
#define CW2V_TARGET_H

#define CW2V_PRAGMA(text) _Pragma(#text)

#if defined(__clang__)
#define TARGET_BEGIN(features) \
    CW2V_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define TARGET_END _Pragma("clang attribute pop")
#else
#define TARGET_BEGIN(features) \
    _Pragma("GCC push_options") CW2V_PRAGMA(GCC target(features))
#define TARGET_END _Pragma("GCC pop_options")
#endif

#endif
