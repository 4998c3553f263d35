package org.patchdiffusion.model.engine.generic;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class GenericPlanTest {

    @Test
    void runsAPartOfAGraphOnArraysThatChange() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, 2, 3);
        SDVariable scaled = x.mul("scaled", sd.constant(Nd4j.scalar(2f)).mul(3));
        SDVariable flat = sd.reshape("flat", scaled, 3, 2);
        sd.mmul("product", flat, scaled);
        INDArray fed = Nd4j.createFromArray(new float[][] {{1, 2, 3}, {4, 5, 6}});
        try (GenericPlan plan = GenericPlan.of(sd, Map.of("x", fed), List.of("flat", "product"))) {
            assertEquals(2, plan.calls());
            plan.run();
            assertArrayEquals(
                    new float[] {6, 12, 18, 24, 30, 36},
                    plan.array("flat").ravel().toFloatVector());
            INDArray product = plan.array("product");
            fed.muli(2);
            plan.run();
            INDArray twelve = fed.mul(6);
            assertEquals(twelve.reshape(3, 2).mmul(twelve), product);
        }
    }
}
