/**
 * Executes SameDiff graphs, the networks of this project or anybody's: same graph, same numbers, several times faster.
 *
 * <ul>
 *   <li>A {@link org.patchdiffusion.model.engine.Graph} is a static-shape SameDiff forward graph, the flat buffer that holds
 *       its parameters, and the names of its outputs and loss.
 *   <li>An {@link org.patchdiffusion.model.engine.Engine} compiles graphs; {@link org.patchdiffusion.model.engine.Engines}
 *       finds the best for the machine, or one by name. One that cannot compile a graph runs it by a plan of ND4J operations
 *       instead, and logs why.
 *   <li>A {@link org.patchdiffusion.model.engine.Program} is a compiled graph: it runs forward, or forward and backward, as often
 *       as one likes.
 *   <li>{@link org.patchdiffusion.model.engine.Gradients} are buffers in the layout of the parameters, as partial sums: one for
 *       each replica of the engine.
 * </ul>
 *
 * <p>A regression, trained by plain gradient descent:
 *
 * <pre>{@code
 * SameDiff sd = SameDiff.create();
 * SDVariable x = sd.placeHolder("x", DataType.FLOAT, 32, 4);
 * SDVariable target = sd.placeHolder("target", DataType.FLOAT, 32, 2);
 * SDVariable w = sd.var("w", Nd4j.randn(DataType.FLOAT, 4, 2));
 * SDVariable y = sd.mmul("y", x, w);
 * sd.mean("loss", sd.math().square(y.sub(target)));
 *
 * Graph graph = Graph.of(sd, List.of("y", "loss"), "loss");
 * try (Engine engine = Engines.best();
 *         Program program = engine.compile(graph)) {
 *     Gradients gradients = engine.newGradients(graph.parameters().layout());
 *     for (int step = 0; step < 100; step++) {
 *         Map<String, INDArray> outputs = program.backward(Map.of("x", inputs, "target", wanted), gradients);
 *         graph.parameters().flat().subi(gradients.sum().muli(0.1));
 *     }
 * }
 * INDArray trained = sd.output(Map.of("x", inputs), "y").get("y");   // SameDiff sees the trained values
 * }</pre>
 */
package org.patchdiffusion.model.engine;
