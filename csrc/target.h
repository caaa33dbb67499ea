/* csrc/target.h - compile the functions between TARGET_BEGIN(features) and TARGET_END for a
 * CPU that has these features, whatever the flags of the rest of the build. Standard headers
 * are included before. */

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
