package org.panamask;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaModifier.FINAL;
import static com.tngtech.archunit.core.domain.JavaModifier.STATIC;
import static com.tngtech.archunit.core.domain.JavaModifier.SYNTHETIC;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaFieldAccess;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.Architectures.LayeredArchitecture;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.panamask.tensor.Shape;

/// Which package may know which, and what is not done anywhere.
@AnalyzeClasses(packages = "org.panamask", importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {
    private static final String[] NONE = {};

    @ArchTest
    static final ArchRule packagesKnowOnlyThoseBelowThem = layers();

    @ArchTest
    static final ArchRule packagesFormNoCycle =
            slices().matching("org.panamask.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule onlyFfiTouchesGeneratedBindings = noClasses()
            .that()
            .resideOutsideOfPackages("..ffi..", "..bindings..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.panamask.bindings..")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule onlyFfiLinksNativeCode = noClasses()
            .that()
            .resideOutsideOfPackages("..ffi..", "..bindings..")
            .should()
            .dependOnClassesThat()
            .belongToAnyOf(Linker.class, SymbolLookup.class);

    @ArchTest
    static final ArchRule nativeMemoryStaysBelowTheOperations = noClasses()
            .that()
            .resideOutsideOfPackages("..ffi..", "..bindings..", "..tensor..", "..backend..", "..checkpoint..")
            .should()
            .dependOnClassesThat()
            .belongToAnyOf(MemorySegment.class)
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule onlyAppAndReportPrint = noClasses()
            .that()
            .resideOutsideOfPackages("..app..", "..report..", "..bindings..")
            .should()
            .accessFieldWhere(describe(
                    "it is System.out or System.err",
                    (JavaFieldAccess access) -> access.getTargetOwner().isEquivalentTo(System.class)
                            && !access.getTarget().getName().equals("in")))
            .orShould()
            .dependOnClassesThat()
            .belongToAnyOf(IO.class);

    @ArchTest
    static final ArchRule theTokenizerLibraryStaysInText = library("ai.djl..", "..text..");

    @ArchTest
    static final ArchRule theCommandLineLibraryStaysInApp = library("picocli..", "..app..");

    @ArchTest
    static final ArchRule theYamlLibraryStaysWithRecipes =
            library("org.snakeyaml..", "..config..", "..train..", "..app..");

    @ArchTest
    static final ArchRule theJsonLibraryStaysWithFiles = library(
            "tools.jackson..",
            "..checkpoint..",
            "..model..",
            "..text..",
            "..data..",
            "..train..",
            "..eval..",
            "..verify..",
            "..app..");

    @ArchTest
    static final ArchRule noClassIsNamedAfterNothing = noClasses()
            .that()
            .resideOutsideOfPackage("org.panamask.bindings..")
            .should()
            .haveNameMatching("(?i:.*(util|helper|manager).*)|.*Impl");

    /// The one exception is the loaded native library.
    @ArchTest
    static final ArchRule noStaticFieldChanges = noFields()
            .that()
            .areDeclaredInClassesThat()
            .resideOutsideOfPackage("org.panamask.bindings..")
            .and()
            .areDeclaredInClassesThat()
            .doNotHaveFullyQualifiedName("org.panamask.ffi.NativeLibraries")
            .and()
            .doNotHaveModifier(SYNTHETIC)
            .and()
            .haveModifier(STATIC)
            .should()
            .notHaveModifier(FINAL)
            .allowEmptyShould(true);

    @ArchTest
    static void theRulesSeeTheClasses(JavaClasses classes) {
        assertThat(classes.stream().map(JavaClass::getName)).contains(Shape.class.getName());
    }

    private static ArchRule library(String library, String... homes) {
        return noClasses()
                .that()
                .resideOutsideOfPackages(homes)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library);
    }

    private static LayeredArchitecture layers() {
        Map<String, String[]> mayKnow = new LinkedHashMap<>();
        mayKnow.put("tensor", NONE);
        mayKnow.put("config", NONE);
        mayKnow.put("report", NONE);
        mayKnow.put("text", NONE);
        mayKnow.put("bindings", NONE);
        mayKnow.put("launch", NONE);
        mayKnow.put("ffi", names("bindings"));
        mayKnow.put("autograd", names("tensor"));
        mayKnow.put("backend", names("tensor", "config", "launch"));
        mayKnow.put("backend.memory", names("backend", "tensor"));
        mayKnow.put("backend.host", names("backend", "backend.memory", "tensor", "launch"));
        mayKnow.put("backend.reference", names("backend", "backend.host", "backend.memory", "tensor", "ffi", "launch"));
        mayKnow.put("backend.cpu", names("backend", "backend.host", "backend.memory", "tensor", "ffi", "launch"));
        mayKnow.put("backend.cuda", names("backend", "backend.host", "backend.memory", "tensor", "ffi", "launch"));
        mayKnow.put("nn", names("tensor", "config"));
        mayKnow.put("diffusion", names("tensor", "config"));
        mayKnow.put("checkpoint", names("tensor"));
        mayKnow.put("sampling", names("diffusion", "tensor", "config"));
        mayKnow.put("model", names("nn", "diffusion", "checkpoint", "tensor", "config"));
        mayKnow.put("data", names("text", "config", "tensor"));
        String[] library = names(
                "model",
                "nn",
                "diffusion",
                "sampling",
                "data",
                "text",
                "checkpoint",
                "autograd",
                "backend",
                "report",
                "tensor",
                "config",
                "launch");
        mayKnow.put("train", library);
        mayKnow.put("plan", plus(library, "train"));
        mayKnow.put("eval", plus(library, "train"));
        mayKnow.put("root", plus(library, "train", "plan", "eval"));
        mayKnow.put("verify", plus(library, "train", "eval"));
        mayKnow.put("app", plus(library, "train", "plan", "root", "eval", "verify"));
        return layered(mayKnow);
    }

    private static LayeredArchitecture layered(Map<String, String[]> mayKnow) {
        LayeredArchitecture layers = layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .ensureAllClassesAreContainedInArchitecture();
        for (String name : mayKnow.keySet()) {
            layers = layers.optionalLayer(name).definedBy(packagesOf(name));
        }
        for (Map.Entry<String, String[]> layer : mayKnow.entrySet()) {
            layers = layer.getValue().length == 0
                    ? layers.whereLayer(layer.getKey()).mayNotAccessAnyLayer()
                    : layers.whereLayer(layer.getKey()).mayOnlyAccessLayers(layer.getValue());
        }
        return layers;
    }

    private static String packagesOf(String layer) {
        return switch (layer) {
            case "root" -> "org.panamask";
            case "backend" -> "org.panamask.backend";
            default -> "org.panamask." + layer + "..";
        };
    }

    private static String[] names(String... names) {
        return names;
    }

    private static String[] plus(String[] names, String... more) {
        return Stream.of(names, more).flatMap(Stream::of).toArray(String[]::new);
    }
}
