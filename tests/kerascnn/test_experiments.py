"""Each system passes its experiment; the same run with the idea of its paper broken misses it."""

import dataclasses
import functools

import keras
import pytest

from kerascnn import losses, registry
from kerascnn.cli.conditions import holds
from kerascnn.cli.experiments import experiment_run, run_experiment
from kerascnn.cli.training import train_run
from kerascnn.layers import ContextModule, Residual, SaltAndPepper, crop_around, gaussian_maps
from kerascnn.losses import FramedCTC, GaussianKL, GridBoxes
from kerascnn.models.acoustic import time_dilated_cnn
from kerascnn.models.coders import grow, shrink
from kerascnn.models.generation import msg_gan
from kerascnn.models.generation.bigan import BiGAN
from kerascnn.models.generation.ebgan import EBGAN
from kerascnn.models.generation.semi_supervised_gan import SemiSupervisedGAN
from kerascnn.training import (
    GAN,
    AuxiliaryClassifiers,
    SemiSupervised,
    SequenceToSequence,
    spatial_model,
)
from kerascnn.training.detection import heads

SYSTEMS = [registry.get_system(name) for name in registry.list_models()]
PROVEN = sorted({system.name for system in SYSTEMS if system.experiment})


def linear(run, monkeypatch):
    """LeNet-5 without a non-linearity; taking maxima is one too."""
    options = {**run.model_options, "activation": "linear", "pooling": "average"}
    return dataclasses.replace(run, model_options=options)


def linear_convolutions(run, monkeypatch):
    """A network of convolutions without a non-linearity, which averages where it took maxima."""
    monkeypatch.setattr(keras.layers, "MaxPooling2D", keras.layers.AveragePooling2D)
    return dataclasses.replace(run, model_options={**run.model_options, "activation": "linear"})


def auxiliary_alone(run, monkeypatch):
    """A network that trains its auxiliary classifiers, but not the one that is deployed."""
    honest = AuxiliaryClassifiers.compute_loss

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if isinstance(y_pred, list):
            # Gradients of 0; without any, Keras warns.
            y_pred = [0.0 * y_pred[0] + 0.1, *y_pred[1:]]
        return honest(self, x, y, y_pred, sample_weight, training)

    monkeypatch.setattr(AuxiliaryClassifiers, "compute_loss", compute_loss)
    return run


def routed_by_parents(run, monkeypatch):
    """Capsules of which every parent divides itself among its children, not the other way."""
    honest = keras.ops.softmax
    monkeypatch.setattr(keras.ops, "softmax", lambda x, axis: honest(x, axis=2))
    return run


def unrouted(run, monkeypatch):
    """Matrix capsules that believe all votes alike, without any step of expectation."""
    return dataclasses.replace(run, model_options={**run.model_options, "iterations": 1})


def plain(run, monkeypatch):
    """A residual network without its shortcuts."""

    def call(self, x):
        layers = zip(self.convolutions, self.normalizations, self.activations, strict=True)
        for convolution, normalization, activation in layers:
            x = activation(normalization(convolution(x)))
        return x

    monkeypatch.setattr(Residual, "call", call)
    return run


def plain_v2(run, monkeypatch):
    """A residual network of pre-activation whose shortcuts lead nowhere."""
    # Gradients of 0; without any, Keras warns.
    monkeypatch.setattr(keras.layers.Add, "call", lambda self, pair: 0.0 * pair[0] + pair[1])
    return run


@keras.saving.register_keras_serializable(package="tests")
class Dropped(keras.layers.Layer):
    """A shortcut that leads nowhere."""

    def call(self, inputs):
        return inputs[1]


def without_shortcuts(run, monkeypatch):
    """A network that gives nothing of what it saw before to its later layers."""
    monkeypatch.setattr(keras.layers.Add, "call", lambda self, pair: pair[0] + 0.0 * pair[1])
    return run


def without_density(run, monkeypatch):
    """A residual dense network whose layers see nothing but the one before."""
    honest = keras.layers.Concatenate.call

    def call(self, seen):
        return honest(self, [*(0.0 * before for before in seen[:-1]), seen[-1]])

    monkeypatch.setattr(keras.layers.Concatenate, "call", call)
    return without_shortcuts(run, monkeypatch)


def without_neighbours(run, monkeypatch):
    """Convolutions that see one pixel."""
    options = {**run.model_options, "kernel_sizes": (1, 1, 1)}
    return dataclasses.replace(run, model_options=options)


def without_skips(run, monkeypatch):
    """U-Net with an encoder and a decoder alone."""
    monkeypatch.setattr("kerascnn.models.segmentation.unet.ConcatShortcut", Dropped)
    return run


def without_fusion(run, monkeypatch):
    """FCN-32s: scores of the last pool alone."""
    return dataclasses.replace(run, model_options={**run.model_options, "fused": 0})


def without_dilation(run, monkeypatch):
    """A context module that sees 17 pixels."""
    near = functools.partial(ContextModule, dilation_rates=(1,) * 7)
    module = "kerascnn.models.segmentation.dilated_context_network"
    monkeypatch.setattr(f"{module}.ContextModule", near)
    return run


def without_divergence(run, monkeypatch):
    """A variational autoencoder whose posterior is free."""
    monkeypatch.setattr(
        GaussianKL, "call", lambda self, y_true, y_pred: keras.ops.sum(0.0 * y_pred, axis=-1)
    )
    return run


def without_code(run, monkeypatch):
    """A decoder that sees nothing of the code."""
    module = "kerascnn.models.autoencoding.convolutional_autoencoder"
    # Gradients of 0; without any, Keras warns.
    monkeypatch.setattr(f"{module}.grow", lambda code, *rest: grow(0.0 * code + 1.0, *rest))
    return run


def without_noise(run, monkeypatch):
    """A denoising autoencoder that has seen no noise in training."""
    monkeypatch.setattr(SaltAndPepper, "call", lambda self, inputs, training=False: inputs)
    return run


def unconditional(run, monkeypatch):
    """A conditional autoencoder of which only the recognition network sees something."""
    module = "kerascnn.models.autoencoding.conditional_vae"

    def blind(image, filters):
        return shrink(image if image.shape[-1] > 1 else 0.0 * image, filters)

    monkeypatch.setattr(f"{module}.shrink", blind)
    return run


def label_withheld(run, monkeypatch):
    """A GAN whose discriminator is told of every image that it is of the first class."""
    honest = GAN.criticise

    def criticise(self, images, labels=None, training=None):
        return honest(self, images, keras.ops.zeros_like(labels), training)

    monkeypatch.setattr(GAN, "criticise", criticise)
    return run


def frame_alone(run, monkeypatch):
    """An acoustic model that sees a single frame, and not how it changes."""
    module = "kerascnn.models.sounds"
    monkeypatch.setattr(f"{module}.Deltas", lambda name: lambda x: keras.ops.stack([x] * 3, -1))
    narrow = {
        "lvcsr_cnn": {"kernel_sizes": ((1, 9), (1, 4))},
        "limited_weight_sharing_cnn": {"context": 1},
    }
    options = {**run.model_options, **narrow[run.system]}
    return dataclasses.replace(run, model_options=options)


def undilated_in_time(run, monkeypatch):
    """Pools without strides, behind which nothing is dilated."""
    module = "kerascnn.models.acoustic.time_dilated_cnn"
    for name in ("_convolved", "_pooled"):
        honest = getattr(time_dilated_cnn, name)

        def near(x, *arguments, honest=honest):
            *others, _, layer = arguments
            return honest(x, *others, 1, layer)

        monkeypatch.setattr(f"{module}.{name}", near)
    return run


def frames_apart(run, monkeypatch):
    """Convolutions over frequency alone, which do not hear how a frame changes."""
    module = "kerascnn.models.speech.cnn_ctc"
    monkeypatch.setattr(f"{module}.Deltas", lambda name: lambda x: keras.ops.stack([x] * 3, -1))
    monkeypatch.setattr(f"{module}._KERNEL", (1, 3))
    return run


def undilated_characters(run, monkeypatch):
    """ByteNet whose kernels see next neighbours alone."""
    return dataclasses.replace(run, model_options={**run.model_options, "dilation_rates": (1,) * 5})


def strange_pictures(run, monkeypatch):
    """A captioner that is shown the picture of another sentence while it trains."""
    honest = SequenceToSequence.call

    def call(self, inputs, training=None):
        if training:
            inputs = {**inputs, "input": keras.ops.roll(inputs["input"], 1, axis=0)}
        return honest(self, inputs, training=training)

    monkeypatch.setattr(SequenceToSequence, "call", call)
    return run


def labelled_alone(run, monkeypatch):
    """M2 that learns nothing from images without a label."""
    honest = SemiSupervised.bound

    def bound(self, y, *arguments):
        return keras.ops.cast(y >= 0, "float32") * honest(self, y, *arguments)

    monkeypatch.setattr(SemiSupervised, "bound", bound)
    return run


def without_classes(run, monkeypatch):
    """AC-GAN of which no one says the class."""
    module = "kerascnn.models.generation.ac_gan.sparse_categorical_crossentropy"
    monkeypatch.setattr(module, lambda labels, logits, from_logits: 0.0 * logits[:, 0])
    return run


def without_information(run, monkeypatch):
    """InfoGAN whose categories no one guesses."""
    return dataclasses.replace(run, model_options={**run.model_options, "category_weight": 0.0})


def without_margin(run, monkeypatch):
    """EBGAN whose discriminator looks at real images alone."""

    def discriminator_loss(self, real, labels, latents, training=True):
        return self.pair.generator(self.criticise(real, labels, training))

    monkeypatch.setattr(EBGAN, "discriminator_loss", discriminator_loss)
    return run


def code_withheld(run, monkeypatch):
    """BiGAN whose discriminator sees images alone."""
    honest = BiGAN.criticise_pair

    def criticise_pair(self, image, latent, training):
        return honest(self, image, 0.0 * latent, training)

    monkeypatch.setattr(BiGAN, "criticise_pair", criticise_pair)
    return run


def supervised_alone(run, monkeypatch):
    """A classifier that learns nothing from images without a label, nor from generated ones."""
    honest = SemiSupervisedGAN.discriminator_loss

    def discriminator_loss(self, real, labels, *arguments, **options):
        known = keras.ops.cast(labels >= 0, "float32")
        return known * honest(self, real, labels, *arguments, **options)

    monkeypatch.setattr(SemiSupervisedGAN, "discriminator_loss", discriminator_loss)
    monkeypatch.setattr("kerascnn.models.generation.semi_supervised_gan._realness", _nothing)
    return run


def _nothing(classes, generated):
    return 0.0 * generated


def noise_unknown(run, monkeypatch):
    """A GAN that believes the labels of its data."""
    return dataclasses.replace(run, model_options={**run.model_options, "label_noise": 0.0})


def without_growth(run, monkeypatch):
    """A progressive GAN that stays at its first size."""
    return dataclasses.replace(run, model_options={**run.model_options, "phase_steps": 10**6})


def smallest_alone(run, monkeypatch):
    """MSG-GAN of whose images the discriminator sees the smallest one alone."""
    module = "kerascnn.models.generation.msg_gan._vectors"
    honest = msg_gan._vectors
    monkeypatch.setattr(
        module, lambda images: honest([images[0], *(0.0 * image for image in images[1:])])
    )
    return run


def without_residuals(run, monkeypatch):
    """LAPGAN that enlarges its first image and adds nothing."""
    honest = keras.layers.Add.call

    def call(self, parts):
        low, residual = parts
        return low + 0.0 * residual if self.name.startswith("image") else honest(self, parts)

    monkeypatch.setattr(keras.layers.Add, "call", call)
    return run


def flattering(run, monkeypatch):
    """A generator that helps the discriminator to find it out."""
    honest = GAN.generator_loss
    monkeypatch.setattr(
        GAN, "generator_loss", lambda self, *args, **kwargs: -honest(self, *args, **kwargs)
    )
    return run


def without_offsets(run, monkeypatch):
    """A detector that takes its default boxes as they are."""
    honest = heads.decode_boxes
    monkeypatch.setattr(
        heads, "decode_boxes", lambda offsets, anchors: honest(0.0 * offsets, anchors)
    )
    return run


def without_coordinates(run, monkeypatch):
    """YOLO that is not told where its boxes should be."""
    free = functools.partial(GridBoxes, coordinates=0.0)
    monkeypatch.setattr("kerascnn.models.detection.yolo_v1.GridBoxes", free)
    return run


def unexplained(run, monkeypatch):
    """Objects whose votes for the poses of parts cost nothing, however wrong they are."""
    honest = losses.part_nats

    def part_nats(*arguments):
        nats, shares = honest(*arguments)
        return 0.0 * nats, shares

    module = "kerascnn.models.clustering.stacked_capsule_autoencoder"
    monkeypatch.setattr(f"{module}.part_nats", part_nats)
    return run


def without_windows(run, monkeypatch):
    """DeepPose whose later stage sees nothing."""
    monkeypatch.setattr(
        "kerascnn.models.pose.deeppose.crop_around",
        lambda *arguments: 0.0 * crop_around(*arguments),
    )
    return run


def without_regions(run, monkeypatch):
    """DenseCap that sees of every region what is in the whole picture."""

    def crop(images, *arguments):
        everywhere = keras.ops.mean(images, axis=(1, 2))[:, None, None, None]
        return 0.0 * crop_around(images, *arguments) + everywhere

    monkeypatch.setattr("kerascnn.models.dense_captioning.densecap.crop_around", crop)
    return run


def without_feedback(run, monkeypatch):
    """Corrections of a pose that is not shown."""
    monkeypatch.setattr(
        "kerascnn.models.pose.iterative_error_feedback.gaussian_maps",
        lambda *arguments: 0.0 * gaussian_maps(*arguments),
    )
    return run


def with_uniform_priors(run, monkeypatch):
    """A part detector whose spatial model says nothing of where the others are."""
    monkeypatch.setattr(
        "kerascnn.models.pose.tompson.spatial_model",
        lambda parts, kernel_size: spatial_model(0.0 * parts, kernel_size) + keras.ops.relu(parts),
    )
    return run


def without_upper_branches(run, monkeypatch):
    """Hourglasses that give what they saw at the smallest size alone."""
    honest = keras.layers.Add.call

    def call(self, parts):
        # Gradients of 0; without any, Keras warns.
        return 0.0 * parts[0] + parts[1] if "_level" in self.name else honest(self, parts)

    monkeypatch.setattr(keras.layers.Add, "call", call)
    return run


def without_blank(run, monkeypatch):
    """Connectionist temporal classification that never lets a frame say nothing."""
    honest = FramedCTC.call

    def call(self, y_true, y_pred):
        silenced = [-1e4] + (y_pred.shape[-1] - 1) * [0.0]
        return honest(self, y_true, y_pred + silenced)

    monkeypatch.setattr(FramedCTC, "call", call)
    return run


MUTANTS = {
    "ac_gan": without_classes,
    "alexnet": linear_convolutions,
    "aoanet": strange_pictures,
    "autogan": flattering,
    "bigan": code_withheld,
    "biggan": label_withheld,
    "bytenet": undilated_characters,
    "capsnet": routed_by_parents,
    "cnn_ctc": frames_apart,
    "conditional_gan": label_withheld,
    "conditional_vae": unconditional,
    "convolutional_autoencoder": without_code,
    "dcgan": flattering,
    "deep_speech_2": without_blank,
    "deeppose": without_windows,
    "densecap": without_regions,
    "denoising_vae": without_noise,
    "gan": flattering,
    "dilated_context_network": without_dilation,
    "ebgan": without_margin,
    "fcn": without_fusion,
    "googlenet": auxiliary_alone,
    "inception_v3": auxiliary_alone,
    "info_gan": without_information,
    "iterative_error_feedback": without_feedback,
    "lenet5": linear,
    "lapgan": without_residuals,
    "limited_weight_sharing_cnn": frame_alone,
    "lvcsr_cnn": frame_alone,
    "matrix_capsules": unrouted,
    "msg_gan": smallest_alone,
    "progressive_gan": without_growth,
    "rac_gan": noise_unknown,
    "rcgan": noise_unknown,
    "rdn": without_density,
    "red_net": without_shortcuts,
    "multi_context_attention": without_upper_branches,
    "resnet": plain,
    "resnet_v2": plain_v2,
    "sagan": label_withheld,
    "semi_supervised_gan": supervised_alone,
    "semi_supervised_vae": labelled_alone,
    "ssd300": without_offsets,
    "srcnn": without_neighbours,
    "stacked_capsule_autoencoder": unexplained,
    "stacked_what_where_autoencoder": linear_convolutions,
    "time_dilated_cnn": undilated_in_time,
    "tompson": with_uniform_priors,
    "unet": without_skips,
    "vae": without_divergence,
    "vgg": linear_convolutions,
    "ylg": label_withheld,
    "yolo_v1": without_coordinates,
    "zfnet": linear_convolutions,
}


def test_every_experiment_has_its_mutant():
    assert sorted(MUTANTS) == PROVEN


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", PROVEN)
def test_the_system_passes_in_keras_and_in_every_file(name, tmp_path):
    result = run_experiment(name, tmp_path / name)
    print(result)
    assert not result.failed


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", PROVEN)
def test_the_mutant_misses(name, tmp_path, monkeypatch):
    run = MUTANTS[name](experiment_run(name, tmp_path / name), monkeypatch)
    scores = train_or_collapse(run)
    print(scores)
    conditions = registry.get_system(name).experiment.passes
    assert not scores or not all(holds(condition, scores) for condition in conditions)


def train_or_collapse(run):
    """Give the scores of a run; a GAN that is stopped as its images are all alike has none."""
    try:
        return train_run(run)
    except ValueError as error:
        if "mode collapse" not in str(error):
            raise
        return {}
