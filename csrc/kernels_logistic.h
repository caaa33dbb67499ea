/* csrc/kernels_logistic.h - errors and loss, from logits. Included by kernels_simd.h only. */

/* exp(t) for t <= 0, with a relative error below 3e-7; 0 for t < -87, where results would be
 * subnormal; NaN for NaN. t = n ln 2 + r with a whole n, so exp(t) = 2^n exp(r). */
INLINE vec exp_negative(vec t) {
    const float shift = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
    vec_i is_zero = t < splat(-87.0f);
    vec n = t * 1.44269504f + shift;
    vec_u power = (vec_u)n << 23; /* unsigned: it overflows where exp underflows */
    n -= shift;
    vec r = t - n * 0.693145752f; /* ln 2 in two parts, so that r is exact enough */
    r -= n * 1.42860677e-6f;
    /* 1 + r q(r), where q minimizes the maximal relative error for |r| <= ln 2 / 2 */
    vec p = splat(0.00826003775f);
    p = p * r + 0.0419342518f;
    p = p * r + 0.166684762f;
    p = p * r + 0.4999879f;
    p = p * r + 0.999999225f;
    p = p * r + 1.0f;
    vec scale = (vec)(power + 0x3f800000u);
    return blend(is_zero, splat(0.0f), p * scale);
}

/* -|s|, by setting the sign bit. */
INLINE vec negative_abs(vec s) { return (vec)((vec_i)s | INT32_MIN); }

/* 1 / (1 + exp(-t)) by a rational function, 1/2 + t p(t^2) / q(t^2), fitted for |t| <= 17.5, with
 * an absolute error of at most 2e-7; beyond, the sigmoid is 0 or 1 to that precision. It has fewer
 * operations than exp, and shorter dependency chains. */
INLINE vec sigmoid(vec t) {
    t = clamp(t, 17.5f);
    vec u = t * t;
    vec p = u * 1.33160618e-11f + 8.1235271e-8f;
    vec q = u * 3.08081649e-9f + 5.16190357e-6f;
    p = p * u + 5.47859636e-5f;
    q = q * u + 0.00161981583f;
    p = p * u + 0.00836863834f;
    q = q * u + 0.116807818f;
    p = p * u + 0.249999985f;
    q = q * u + 1.0f;
    return t * p / q + 0.5f;
}

/* How many positive pairs row i of x has: the sum of eight bytes, which must be at most 255. */
INLINE float pairs_of(const cw2v_labels *labels, int i) {
    uint64_t bytes;
    memcpy(&bytes, labels->positives + i * CW2V_SPAN_MAX, sizeof bytes);
    return (float)(int)(bytes * 0x0101010101010101u >> 56);
}

/* In lane l, how many of these `pairs` are positive with row j + l of y. */
INLINE vec positives_of(const cw2v_labels *labels, int i, int j, float pairs) {
    if (labels->path != NULL) {
        vec_u path;
        memcpy(&path, labels->path + j, sizeof path);
        return pairs * __builtin_convertvector((vec_i)(path & 1), vec);
    }
    if (j >= CW2V_SPAN_MAX) return splat(0.0f);
    return load_bytes(labels->positives + i * CW2V_SPAN_MAX + j);
}

/* Also overwrites the padding of the rows of s. */
static void logistic_error(float *s, int n_x, int n_y, const cw2v_labels *labels, float lr) {
    int stride = cw2v_row_stride(n_y);
    for (int i = 0; i < n_x; i++, s += stride) {
        float pairs = pairs_of(labels, i);
        for (int j = 0; j < n_y; j += LANES) {
            vec positives = positives_of(labels, i, j, pairs);
            vec all = positives + load(labels->noise + j) * (pairs - positives);
            store(s + j, lr * (positives - all * sigmoid(load(s + j))));
        }
    }
}

/* log(1 + e) for 0 <= e <= 1, with an absolute error below 2e-7: 2 artanh(z), z = e / (2 + e), by a
 * polynomial in z^2 <= 1/9. */
INLINE vec log1p_fraction(vec e) {
    vec z = e / (2.0f + e), q = z * z;
    vec p = q * 0.140138f + 0.139991f;
    p = p * q + 0.200109f;
    p = p * q + 0.333332f;
    return (z + z) * (p * q + 1.0f);
}

/* By log(1 + exp(t)) = max(t, 0) + log(1 + exp(-|t|)): one of max(s, 0) and max(-s, 0) is 0, and
 * the other term is the same for s and -s. Lanes in the padding are not added. */
static double logistic_loss(const float *s, int n_x, int n_y, const cw2v_labels *labels) {
    int stride = cw2v_row_stride(n_y);
    double loss = 0.0;
    vec_i lane;
    for (int l = 0; l < LANES; l++) lane[l] = l;
    for (int i = 0; i < n_x; i++, s += stride) {
        float pairs = pairs_of(labels, i);
        vec sum = splat(0.0f);
        for (int j = 0; j < n_y; j += LANES) {
            vec logit = load(s + j), positives = positives_of(labels, i, j, pairs);
            vec negatives = load(labels->noise + j) * (pairs - positives);
            vec linear = blend(logit > 0.0f, negatives * logit, -positives * logit);
            vec log_term = log1p_fraction(exp_negative(negative_abs(logit)));
            sum += blend(lane < n_y - j, linear + (positives + negatives) * log_term, splat(0.0f));
        }
        for (int l = 0; l < LANES; l++) loss += (double)sum[l];
    }
    return loss;
}
