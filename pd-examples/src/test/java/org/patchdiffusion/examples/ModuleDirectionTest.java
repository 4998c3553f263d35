package org.patchdiffusion.examples;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Dependencies only ever point down the list of modules. */
class ModuleDirectionTest {
    private static final String ROOT = "org.patchdiffusion.";
    private static final String[] LIBRARIES = {
        ROOT + "files..", ROOT + "model..", ROOT + "data..", ROOT + "eval..", ROOT + "train.."
    };
    private static JavaClasses classes;

    @BeforeAll
    static void readClasses() {
        classes = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("org.patchdiffusion");
        for (String module : List.of("files", "model", "data", "eval", "train", "examples")) {
            assertTrue(
                    classes.stream().anyMatch(c -> c.getPackageName().startsWith(ROOT + module)),
                    "no class of " + module + " was found");
        }
    }

    @Test
    void modulesDependDownwardsOnly() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("examples")
                .definedBy(ROOT + "examples..")
                .layer("train")
                .definedBy(ROOT + "train..")
                .layer("eval")
                .definedBy(ROOT + "eval..")
                .layer("data")
                .definedBy(ROOT + "data..")
                .layer("model")
                .definedBy(ROOT + "model..")
                .layer("files")
                .definedBy(ROOT + "files..")
                .whereLayer("examples")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("train")
                .mayOnlyBeAccessedByLayers("examples")
                .whereLayer("eval")
                .mayOnlyBeAccessedByLayers("train", "examples")
                .whereLayer("data")
                .mayOnlyBeAccessedByLayers("eval", "train", "examples")
                .whereLayer("model")
                .mayOnlyBeAccessedByLayers("eval", "train", "examples")
                .whereLayer("files")
                .mayOnlyBeAccessedByLayers("model", "data", "eval", "train", "examples")
                .check(classes);
    }

    @Test
    void packagesOfTheDataModuleDependDownwardsOnly() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("forms")
                .definedBy(ROOT + "data.convert..", ROOT + "data.stats..", ROOT + "data.datavec..")
                .layer("data sets and patches")
                .definedBy(ROOT + "data")
                .layer("sources and augmentation")
                .definedBy(ROOT + "data.source..", ROOT + "data.augment..")
                .whereLayer("forms")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("data sets and patches")
                .mayOnlyBeAccessedByLayers("forms")
                .whereLayer("sources and augmentation")
                .mayOnlyBeAccessedByLayers("data sets and patches", "forms")
                .check(classes);
        slices().matching(ROOT + "data.(*)..")
                .should()
                .notDependOnEachOther()
                .ignoreDependency(resideInAPackage(ROOT + "data.convert.."), resideInAPackage(ROOT + "data.source.."))
                .check(classes);
    }

    @Test
    void packagesOfTheTrainModuleDependDownwardsOnly() {
        String train = ROOT + "train";
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("report")
                .definedBy(train + ".report..")
                .layer("watch")
                .definedBy(train + ".watch..")
                .layer("run")
                .definedBy(train + ".run..")
                .layer("samediff")
                .definedBy(train + ".samediff..")
                .layer("trainer")
                .definedBy(train)
                .layer("step")
                .definedBy(train + ".step..")
                .layer("checkpoint")
                .definedBy(train + ".checkpoint..")
                .layer("config")
                .definedBy(train + ".config..")
                .layer("concurrent")
                .definedBy(train + ".concurrent..")
                .whereLayer("report")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("watch")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("run")
                .mayOnlyBeAccessedByLayers("report", "watch")
                .whereLayer("samediff")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("trainer")
                .mayOnlyBeAccessedByLayers("report", "watch", "run", "samediff")
                .whereLayer("step")
                .mayOnlyBeAccessedByLayers("report", "watch", "run", "samediff", "trainer")
                .whereLayer("checkpoint")
                .mayOnlyBeAccessedByLayers("report", "watch", "run", "samediff", "trainer", "step")
                .whereLayer("config")
                .mayOnlyBeAccessedByLayers("report", "watch", "run", "samediff", "trainer", "step", "checkpoint")
                .whereLayer("concurrent")
                .mayOnlyBeAccessedByLayers("run", "trainer", "step", "checkpoint")
                .check(classes);
    }

    @Test
    void stagesOfTheCompilerDependInOneDirection() {
        String compiled = ROOT + "model.engine.compiled";
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("compiler")
                .definedBy(compiled)
                .layer("read")
                .definedBy(compiled + ".read..")
                .layer("pass")
                .definedBy(compiled + ".pass..")
                .layer("lower")
                .definedBy(compiled + ".lower..")
                .layer("run")
                .definedBy(compiled + ".run..")
                .layer("onednn")
                .definedBy(compiled + ".onednn..")
                .layer("kernel")
                .definedBy(compiled + ".kernel..")
                .layer("ir")
                .definedBy(compiled + ".ir..")
                .whereLayer("compiler")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("read")
                .mayOnlyBeAccessedByLayers("compiler")
                .whereLayer("pass")
                .mayOnlyBeAccessedByLayers("compiler")
                .whereLayer("lower")
                .mayOnlyBeAccessedByLayers("compiler")
                .whereLayer("run")
                .mayOnlyBeAccessedByLayers("compiler", "lower")
                .whereLayer("onednn")
                .mayOnlyBeAccessedByLayers("compiler", "lower", "run")
                .whereLayer("kernel")
                .mayOnlyBeAccessedByLayers("lower", "run")
                .check(classes);
    }

    @Test
    void onlyTheDataVecFormsNeedDataVecAndOpenCv() {
        noClasses()
                .that()
                .resideInAnyPackage(LIBRARIES)
                .and()
                .resideOutsideOfPackage(ROOT + "data.datavec..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.datavec..", "org.bytedeco.opencv..", "org.bytedeco.javacv..")
                .check(classes);
        noClasses()
                .that()
                .resideInAPackage(ROOT + "data.datavec..")
                .and()
                .doNotHaveSimpleName("PatchImageTransform")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.datavec.image..", "org.bytedeco.opencv..", "org.bytedeco.javacv..")
                .check(classes);
    }

    @Test
    void librariesLeaveTheChoiceOfBackendAndLogToTheApplication() {
        noClasses()
                .that()
                .resideInAnyPackage(LIBRARIES)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.nd4j.linalg.cpu..", "org.nd4j.linalg.jcublas..", "ch.qos.logback..", "picocli..")
                .check(classes);
    }

    @Test
    void onlyTheCommandLineEndsTheJvm() {
        noClasses()
                .that()
                .resideInAnyPackage(LIBRARIES)
                .should()
                .callMethod(System.class, "exit", int.class)
                .check(classes);
    }
}
