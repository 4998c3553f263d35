package org.patchdiffusion.model.engine;

import org.nd4j.nativeblas.NativeOpsHolder;

/** The threads of ND4J's own operations, which are one number for the whole process. */
final class NativeThreads {
    private NativeThreads() {}

    static int count() {
        return Math.max(1, NativeOpsHolder.getInstance().getDeviceNativeOps().ompGetMaxThreads());
    }

    static void use(int threads) {
        NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(threads);
    }
}
